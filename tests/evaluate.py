#!/usr/bin/env python3
"""Prints every score of a release binary in one go, so that two builds can be compared.

  tests/evaluate.py target/release/chronotype [--shared DIR] [--seeds 0-39] [--only PART]...

Parts, in this order, each a line or a few:
  instances    gap to the proven optimum and CPU of the planner, week and heavy problems
  titles       how titles are sorted (src/text/embed/evaluate.py says what each line means)
  occurrences  share of calendar files expanded exactly as agreed
  people       simulated people over twelve weeks, by scenario, beside the built-in baselines

The data lies outside the tree, in a folder with `eval` and `corpus`: ../shared, or --shared. Where
a part's data is absent it says so and the exit status is 2; a failed run gives 1.  No dependencies.
"""

import argparse, json, os, pathlib, resource, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCENARIOS = ("base", "badhabits", "sloppy")
RUNS = 3


class Failed(Exception):
    pass


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise Failed(f"{command[0]} {command[1]}: exit {done.returncode}: {done.stderr[-400:]}")
    return done.stdout


def cpu(*command):
    """Least user and system seconds of a few runs."""
    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(*command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return min(once() for _ in range(RUNS))


def module(path):
    import importlib.util
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def instances(binary, shared, options):
    scorer = module(shared / "eval/score_instance.py")
    file = shared / "eval/instances-dev.json"
    wrapped = json.loads(file.read_text())
    rows = scorer.score_all(wrapped, json.loads(run(binary, "plan", "--problem", file)))
    with tempfile.TemporaryDirectory() as folder:
        one = pathlib.Path(folder, "one.json")
        # What a process costs before it plans anything.
        one.write_text(json.dumps({**wrapped[0]["instance"], "requests": []}))
        idle = cpu(binary, "plan", "--problem", one)
        spent = {}
        for each in wrapped:
            one.write_text(json.dumps(each["instance"]))
            own = cpu(binary, "plan", "--problem", one) - idle
            spent[each["instance"]["id"]] = 1000 * max(0, own)
    for kind in ("week", "heavy"):
        of = [row for row in rows if row[0].startswith(kind)]
        gaps, times = [100 * row[3] for row in of], [spent[row[0]] for row in of]
        print(
            f"instances {kind:6} {len(of):3}  gap mean {sum(gaps) / len(gaps):.3f} % max {max(gaps):.3f} %"
            f"  infeasible {sum(bool(row[4]) for row in of)}"
            f"  CPU median {median(times):.1f} ms max {max(times):.1f} ms",
            flush=True,
        )


def titles(binary, shared, options):
    text = run(sys.executable, ROOT / "src/text/embed/evaluate.py", binary, shared / "eval")
    for line in text.splitlines():
        print(f"titles    {line}", flush=True)


def occurrences(binary, shared, options):
    scorer = shared / "corpus/score_occurrences.py"
    corpus = ("--corpus", shared / "corpus", "--min", "0", "--show", "0")
    for line in run(sys.executable, scorer, binary, *corpus).splitlines():
        print(f"occurrences {line}", flush=True)


def people(binary, shared, options):
    driver = shared / "eval/drive_product.py"
    first, last = (int(n) for n in options.seeds.split("-"))
    def summary(scenario):
        seeds = ("--seeds", f"{first}-{last}", "--scenario", scenario)
        out = run(sys.executable, driver, binary, *seeds)
        return json.loads(out.splitlines()[-1])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for scenario, found in zip(SCENARIOS, pool.map(summary, SCENARIOS)):
            parts = [f"{k} {v}" for k, v in found.items() if k not in ("policy", "scenario")]
            print(f"people    {scenario:9}  {'  '.join(parts)}", flush=True)


PARTS = {
    "instances": (instances, "eval/instances-dev.json"),
    "titles": (titles, "eval/dev.jsonl"),
    "occurrences": (occurrences, "corpus/occurrences.jsonl"),
    "people": (people, "eval/drive_product.py"),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--seeds", default="0-39", help="simulated people, first-last")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone")
    options = parser.parse_args()
    binary, status = options.binary.resolve(), 0
    if not binary.is_file():
        parser.error(f"{options.binary} is not there: cargo build --release")
    for name in options.only or PARTS:
        part, data = PARTS[name]
        began = time.monotonic()
        if not (options.shared / data).exists():
            print(f"{name}: NOT MEASURED, {options.shared / data} is absent", flush=True)
            status = status or 2
            continue
        try:
            part(binary, options.shared, options)
        except (Failed, OSError, ValueError, KeyError) as error:
            print(f"{name}: FAILED: {error}", flush=True)
            status = 1
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
