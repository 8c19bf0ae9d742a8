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


def instances(binary, shared, options):
    import importlib.util
    spec = importlib.util.spec_from_file_location("score", shared / "eval/score_instance.py")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    file = shared / "eval/instances-dev.json"
    wrapped = json.loads(file.read_text())
    plans = json.loads(run(binary, "plan", "--problem", file))
    with tempfile.TemporaryDirectory() as folder:
        one = pathlib.Path(folder, "one.json")
        empty = dict(wrapped[0]["instance"], requests=[])
        one.write_text(json.dumps(empty))
        start = cpu(binary, "plan", "--problem", one)
        spent = {}
        for each in wrapped:
            one.write_text(json.dumps(each["instance"]))
            spent[each["instance"]["id"]] = 1000 * max(0, cpu(binary, "plan", "--problem", one) - start)
    by_kind = {}
    for each in wrapped:
        id = each["instance"]["id"]
        value = scorer.score(each["instance"], plans.get(id, []))
        by_kind.setdefault(kind(id), []).append((each, value, spent[id]))
    for name, rows in sorted(by_kind.items()):
        gaps = [100 * (1 - value / optimum(each)) for each, value, _ in rows]
        bad = sum(value <= 0 < optimum(each) for each, value, _ in rows)
        times = [ms for _, _, ms in rows]
        print(
            f"instances {name:6} {len(rows):3}  gap mean {sum(gaps) / len(gaps):.3f} % max"
            f" {max(gaps):.3f} %  infeasible {bad}  CPU median {median(times):.1f} ms"
            f" max {max(times):.1f} ms",
            flush=True,
        )
