#!/usr/bin/env python3
"""Prints how well a binary sorts titles, and another one beside it.  No dependencies.

  evaluate.py target/release/chronotype EVAL_FOLDER [--beside OTHER_BINARY]

The table before the tuned one is not in any package: it was made by hand.  To see its figures beside
these, build the last commit that had it (UNTUNED below) and give that binary as --beside.

EVAL_FOLDER holds dev.jsonl (a labelled stream), train.jsonl (labelled titles), pairs_hard.jsonl and
score_titles.py (the scorer).  Printed, a line each: B-cubed F1, share of right categories, types
a person has beside those they would name, and new types a hundred events, week by week;
  - the development stream, by title alone and in context;
  - its events whose titles are far from the training file (no title there shares half of its words);
  - its titles that are not English, as far as the training file's words of one language tell;
  - made-up people over eight weeks, with series, of the training file's titles (which the embedder
    has seen: this measures the assignment), all and in three languages;
  - the same people when all they do takes an hour between nine and five, so that only words tell,
    and when half of their titles are a kind of work and a topic (`Standup: Kestrel`): as such, then
    with calendars and guests that hang on the kind of work, then with ones that are always the same;
  - the hard pairs, through `similar`.
Pairs of types that were never trained on need a table of their own: build_table.py --hold-out.
"""

import argparse, json, os, random, re, subprocess, sys
from collections import Counter, defaultdict

WEEKS = 8
UNTUNED = "47b3736"
TOPICS = "Atlas Billing Search Onboarding Kestrel Metrics Checkout Orion Mobile".split()
TOPIC_FORMS = ["{kind}: {topic}", "{kind} {topic}", "{topic} - {kind}", "{kind} ({topic})"]


def lines(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file if line.strip()]


def classify(binary, events, *options):
    bare = [{k: v for k, v in e.items() if k not in ("task_type", "category")} for e in events]
    text = "\n".join(json.dumps(e) for e in bare) + "\n"
    command = [binary, "classify", "--json", *options]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def say(name, score, events, found):
    triples = [(row["task_type"], row["category"], row["new"]) for row in found]
    s = score(events, triples)
    weeks = zip(s["llm_per_user_week"], s["events_per_user_week"])
    new = " ".join(f"{100 * n / max(1, of):.0f}" for n, of in weeks)
    people = len({e["user"] for e in events})
    print(
        f"{name:34} {len(events):5} events  B-cubed {s['b3_f']:.3f}  category {s['cat_acc']:.3f}"
        f"  types a person {s['types'] / people:4.1f} of {s['gold_types'] / people:4.1f}"
        f"  new % a week {new}",
        flush=True,
    )


def words(title):
    return set(re.findall(r"\w+", title.lower()))


def far(events, train):
    """Events no title of `train` shares half of its words with."""
    known = defaultdict(list)
    for title in {row["title"] for row in train}:
        for word in words(title):
            known[word].append(words(title))
    def near(title):
        own = words(title)
        return any(2 * len(own & other) >= len(own | other) for w in own for other in known[w])
    return [not near(e["title"]) for e in events]


def foreign(events, train):
    """Events with a word that the training file has in other languages only."""
    count = defaultdict(Counter)
    for row in train:
        for word in words(row["title"]):
            count[word][row["lang"] == "en"] += 1
    only = {w for w, c in count.items() if not c[True] and len(w) > 3}
    return [bool(words(e["title"]) & only) for e in events]


def people(train, language=None):
    """A dozen types a role: two thirds of the events in weekly series, the others once each."""
    rng = random.Random(11)
    roles = defaultdict(lambda: defaultdict(list))
    for row in train:
        if language in (None, row["lang"]):
            roles[row["role"] if language is None else "all"][row["canonical_type"]].append(row)
    if language:
        # No role has enough types in one language: people with a dozen types of any.
        pool = [t for t in sorted(roles["all"]) if len(roles["all"][t]) >= 3]
        rng.shuffle(pool)
        parts = [pool[i : i + 12] for i in range(0, len(pool) - 11, 12)]
        roles = {f"{language}{n}": {t: roles["all"][t] for t in part} for n, part in enumerate(parts)}
    events = []
    for role in sorted(roles):
        types = [t for t in sorted(roles[role]) if len(roles[role][t]) >= 3]
        rng.shuffle(types)
        mine = []
        for kind in types[:12]:
            rows = roles[role][kind]
            hour, day = rng.randint(8, 17), rng.randint(0, 4)
            for week in range(WEEKS):
                if rows[0]["recurring_typical"] or rng.random() < 0.4:
                    mine.append((week, day, hour, rows[0], f"{role}-{kind}"))
                if rng.random() < 0.5:
                    spot = rng.randint(0, 4), min(22, max(6, hour + rng.randint(-3, 3)))
                    mine.append((week, *spot, rng.choice(rows), None))
        for n, (week, day, hour, row, series) in enumerate(sorted(mine, key=lambda m: m[:3])):
            guests = row["attendees_typical"]
            length = row["duration_min_typical"] * rng.lognormvariate(0, 0.25)
            events.append({
                "id": f"{role}-{n}", "user": role, "week": week, "title": row["title"],
                "task_type": row["canonical_type"], "category": row["category"],
                "weekday": day, "hour": hour, "duration_min": 5 * max(1, round(length / 5)),
                "attendees": 0 if guests < 2 or rng.random() < 0.4 else max(2, guests),
                "recurring": series is not None, "series_id": series,
            })
    return events


def in_company(events):
    """The same events in calendars and with guests: four in five kinds of work lie in one calendar of
    three and have people of their own, of whom now and then one is missing or somebody else comes."""
    rng = random.Random(7)
    of_kind, colleagues = {}, [f"p{n}@example.org" for n in range(14)]
    def habit(e):
        key = e["user"], e["task_type"]
        if key not in of_kind:
            regular = rng.random() < 0.8
            calendar = rng.choices(["work", "private", "team"], [6, 3, 2])[0] if regular else None
            of_kind[key] = calendar, rng.sample(colleagues, 12) if regular else None
        return of_kind[key]
    def company(e):
        calendar, people = habit(e)
        if calendar is None or rng.random() < 0.05:
            calendar = rng.choice(["work", "private", "team"])
        guests = max(0, min(12, e["attendees"] - 1))
        those = rng.sample(colleagues, guests) if people is None else [
            who if rng.random() < 0.85 else rng.choice(colleagues) for who in people[:guests]]
        return e | {"calendar": calendar, "guests": those}
    return [company(e) for e in events]


def alike(events):
    """The same events when nothing beside the title tells them apart."""
    rng = random.Random(5)
    bare = {"duration_min": 60, "attendees": 0, "recurring": False, "series_id": None}
    return [e | bare | {"hour": rng.randint(9, 16)} for e in events]


def about_topics(events):
    """The same events, half of them with a topic in their titles; no series."""
    rng = random.Random(6)
    named = lambda kind: rng.choice(TOPIC_FORMS).format(kind=kind, topic=rng.choice(TOPICS))
    title = lambda e: named(e["title"]) if rng.random() < 0.5 else e["title"]
    return [e | {"title": title(e), "recurring": False, "series_id": None} for e in events]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("folder", help="holds the data and the scorer")
    parser.add_argument("--beside", help=f"another binary; the untuned table is in {UNTUNED}")
    args = parser.parse_args()
    sys.path.insert(0, args.folder)
    measure(args.binary, args.folder)
    if args.beside:
        print(f"\n{args.beside}")
        measure(args.beside, args.folder)
    else:
        print(f"untuned table: not measured; build commit {UNTUNED} and give it as --beside")


def measure(binary, folder):
    from score_titles import score

    dev, train, pairs = (lines(os.path.join(folder, f + ".jsonl")) for f in ("dev", "train", "pairs_hard"))
    parts = {"far from the training file": far(dev, train), "not English": foreign(dev, train)}
    for name, options in (("by title", ["--title-only"]), ("in context", [])):
        found = classify(binary, dev, *options)
        say(f"development, {name}", score, dev, found)
        for part, mask in parts.items():
            some = [i for i, m in enumerate(mask) if m]
            say(f"  {part}", score, [dev[i] for i in some], [found[i] for i in some])
    for language in (None, "de", "fr", "ja"):
        events = people(train, language)
        say(f"people with series, {language or 'all'}", score, events, classify(binary, events))
    events = people(train)
    met = in_company(events)
    everywhere = [e | {"calendar": "work", "guests": e["guests"] and ["boss@example.org"]} for e in met]
    changes = {
        "of one length and hour": alike(events),
        "with topics": about_topics(events),
        "with topics, in company": about_topics(met),
        "with topics, one calendar and boss": about_topics(everywhere),
    }
    for name, changed in changes.items():
        say(f"people {name}", score, changed, classify(binary, changed))
    right = Counter()
    for pair in pairs:
        command = [binary, "similar", "--json", "--", pair["a"], pair["b"]]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            print("hard pairs: this binary has no `similar`")
            return
        right[pair["same"], json.loads(run.stdout)["same"] == pair["same"]] += 1
    same, other = right[True, True], right[False, True]
    of = right[True, True] + right[True, False]
    print(f"hard pairs right {(same + other) / len(pairs):.3f}: {same} of {of} of one kind, "
          f"{other} of {len(pairs) - of} of two")


if __name__ == "__main__":
    main()
