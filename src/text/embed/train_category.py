#!/usr/bin/env python3
"""Trains category.bin, the category head of the local embedder.  Needs numpy, nothing else.

  cargo build --example embed_titles
  train_category.py TRAIN.jsonl --hours DEV.jsonl [--drop FILE.jsonl ...] [--out category.bin]

TRAIN lines: {title, canonical_type, category, role, wording, attendees_typical,
duration_min_typical, recurring_typical}.  Titles that occur in a --drop file (fields title, a, b) are left out.  Nothing of
the training file but the weights is kept.

A multinomial logistic regression over the title's vector (from the embedder itself) and the context
features of category.rs.  The typical context is made noisy and often hidden, so that the head works
with the title alone and does not lean on clues that life gives less neatly.  First the accuracy on
unseen wordings, types and roles is printed, then the head is trained on everything.

TRAIN knows no hour of the day.  The one weight of each category for "outside the working day" is
fitted last, all others fixed, on a stream of labelled events (--hours: title, category, weekday,
hour, duration_min, attendees, recurring); what it gains on people left out of that is printed.
"""

import argparse, hashlib, json, os, struct, subprocess
import numpy as np

CATEGORIES = ["focused", "collaborative", "administrative"]
CONTEXT = 13
OFF_HOURS = 1 + 256 + 12
L2 = 3e-4
HOURS_L2 = 1e-2
STEPS = 300
RATE = 1.0
# How often a clue is hidden, and a guest list is absent though others come.
HIDDEN, NO_LIST, FLIPPED = 0.2, 0.35, 0.2
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")


def lines(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file if line.strip()]


def embed(titles):
    tool = os.path.join(ROOT, "target", "debug", "examples", "embed_titles")
    text = "\n".join(" ".join(title.split()) for title in titles) + "\n"
    out = subprocess.run([tool], input=text, capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in out.splitlines()]
    return [f["title"] for f in found], np.array([f["vector"] for f in found], np.float32)


def off_hours(weekday, hour):
    """As Context::off_hours in category.rs."""
    return 1.0 if weekday > 4 else min(1.0, max(0.0, (9 - hour) / 2, (hour - 16) / 3))


def features(minutes, attendees, recurring):
    """As Context::features in category.rs."""
    f = np.zeros(CONTEXT)
    if minutes:
        length = np.log2(min(max(minutes, 5.0), 480.0) / 45.0)
        f[0:3] = 1, length / 2, length * length / 4
    if attendees == 1:
        f[5] = 1
    elif attendees:
        f[3:5] = 1, np.log2(min(attendees, 32) / 2) / 2
    if recurring is not None:
        f[6 if recurring else 7] = 1
    # What two clues say together.
    alone, others, length, series = f[5], f[3], f[1], f[6]
    f[8:12] = alone * length, others * length, alone * series, others * series
    return f


def contexts(rows, rng):
    """One noisy context a row."""
    found = []
    for row in rows:
        minutes = row["duration_min_typical"] * np.exp(rng.normal(0, 0.4))
        usual = row["attendees_typical"]
        if usual >= 2:
            attendees = 0 if rng.random() < NO_LIST else max(2, round(usual * np.exp(rng.normal(0, 0.4))))
        else:
            attendees = int(rng.random() < 0.5)
        recurring = bool(row["recurring_typical"]) ^ (rng.random() < FLIPPED)
        clues = (minutes, attendees, recurring)
        found.append(features(*(None if rng.random() < HIDDEN else clue for clue in clues)))
    return np.array(found, np.float32)


def fit(x, y):
    """Full-batch descent with momentum; x has a constant in front, which is not shrunk."""
    target = np.eye(len(CATEGORIES), dtype=np.float32)[y]
    w = np.zeros((x.shape[1], len(CATEGORIES)), np.float32)
    velocity = np.zeros_like(w)
    shrink = np.full((x.shape[1], 1), L2, np.float32)
    shrink[0] = 0
    for _ in range(STEPS):
        ahead = w + 0.9 * velocity
        z = x @ ahead
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        velocity = 0.9 * velocity - RATE * (x.T @ (p - target) / len(x) + shrink * ahead)
        w = w + velocity
    return w


def design(vectors, context):
    return np.concatenate([np.ones((len(vectors), 1)), vectors, context], 1, dtype=np.float32)


def train(rows, vectors, y, seed):
    """Each row twice: with the title alone, and with a noisy context."""
    bare = np.zeros((len(rows), CONTEXT), np.float32)
    noisy = contexts(rows, np.random.default_rng(seed))
    x = np.concatenate([design(vectors, bare), design(vectors, noisy)])
    return fit(x, np.concatenate([y, y]))


def fit_hours(events, w):
    """`w` with its weights of OFF_HOURS fitted on these events."""
    _, vectors = embed([e["title"] for e in events])
    clues = ("duration_min", "attendees", "recurring")
    context = np.array([features(*(e.get(clue) for clue in clues)) for e in events], np.float32)
    z = design(vectors, context) @ w
    off = np.array([off_hours(e["weekday"], e["hour"]) for e in events], np.float32)[:, None]
    y = np.array([CATEGORIES.index(e["category"]) for e in events])
    target = np.eye(len(CATEGORIES))[y]

    def fitted(some):
        v = np.zeros((1, len(CATEGORIES)))
        for _ in range(STEPS):
            p = np.exp(z[some] + off[some] @ v)
            p /= p.sum(1, keepdims=True)
            v -= RATE * (off[some].T @ (p - target[some]) / some.sum() + HOURS_L2 * v)
        return v

    users = sorted({e["user"] for e in events})
    at = np.array([users.index(e["user"]) % 4 for e in events])
    unseen = np.concatenate([(z + off @ fitted(at != k)).argmax(1)[at == k] == y[at == k] for k in range(4)])
    print(f"hours, unseen people   {len(y):5} events  without {(z.argmax(1) == y).mean():.3f}  with {unseen.mean():.3f}")
    w = w.copy()
    w[OFF_HOURS] = fitted(at >= 0)
    return w


def validate(rows, vectors, y):
    for key in ("wording", "canonical_type", "role"):
        groups = sorted({str(row[key]) for row in rows})
        order = np.random.default_rng(1).permutation(len(groups))
        held = {groups[i] for i in order[: len(groups) // 5]}
        test = np.array([str(row[key]) in held for row in rows])
        kept = [row for row, held_out in zip(rows, test) if not held_out]
        w = train(kept, vectors[~test], y[~test], 2)
        unseen = [row for row, held_out in zip(rows, test) if held_out]
        right = lambda c: (design(vectors[test], c) @ w).argmax(1) == y[test]
        bare = right(np.zeros((len(unseen), CONTEXT))).mean()
        noisy = right(contexts(unseen, np.random.default_rng(3))).mean()
        print(f"unseen {key:15} {test.sum():5} rows  title {bare:.3f}  with context {noisy:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("--drop", nargs="*", default=[])
    parser.add_argument("--out", default=os.path.join(HERE, "category.bin"))
    parser.add_argument("--hours", required=True, help="labelled events with weekday and hour")
    parser.add_argument("--quick", action="store_true", help="without the figures")
    args = parser.parse_args()
    rows = lines(args.train)
    dropped = [row[k] for path in args.drop for row in lines(path) for k in ("title", "a", "b") if k in row]
    dropped = set(embed(dropped)[0]) if dropped else set()
    titles, vectors = embed([row["title"] for row in rows])
    kept = np.array([title not in dropped for title in titles])
    rows = [row for row, keep in zip(rows, kept) if keep]
    vectors = vectors[kept]
    y = np.array([CATEGORIES.index(row["category"]) for row in rows])
    print(f"{len(rows)} rows, {(~kept).sum()} dropped")
    if not args.quick:
        validate(rows, vectors, y)
    w = fit_hours(lines(args.hours), train(rows, vectors, y, 2)).T.astype("<f4")
    head = b"CHRTHEAD" + struct.pack("<3I", 1, vectors.shape[1], CONTEXT)
    blob = head + np.ascontiguousarray(w).tobytes()
    with open(args.out, "wb") as file:
        file.write(blob)
    print(f"{hashlib.sha256(blob).hexdigest()}  {args.out}  {len(blob)} bytes")


if __name__ == "__main__":
    main()
