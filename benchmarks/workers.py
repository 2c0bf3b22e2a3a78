"""What a second worker saves."""

from __future__ import annotations

from statistics import median

import psutil

from benchmarks.figure import Figure, Target, rounds_within
from benchmarks.judged import Judged, judge
from benchmarks.stacks import Bench
from registry_conformance.judge.locations import ROOT

ROUNDS = 2
LIMIT = 60.0


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Run ``suites/local`` on one worker and on two in turn."""
    options = ["suites/local", f"--store={bench.store}", f"--report-dir={bench.folder / 'reports'}"]
    one: list[Judged] = []
    two: list[Judged] = []
    for _ in rounds_within(rounds, LIMIT):
        one.append(judge(ROOT, *options))
        two.append(judge(ROOT, *options, "-n", "2"))
    pairs = list(zip(two, one, strict=True))
    past = [run.past_ready for run in two]
    least = median([run.processor / (psutil.cpu_count() or 1) / run.past_ready for run in one])
    return [
        Figure(
            "suites/local on 2 workers / 1, past start",
            "ratio",
            [both.past_ready / single.past_ready for both, single in pairs],
            Target(0.6),
            f"2 workers {median(past):.1f} s, 1 worker {median([run.past_ready for run in one]):.1f} s; the processors"
            f" were busy for {least:.2f} of the latter, and no number of workers can need less",
        ),
        Figure(
            "suites/local on 2 workers / 1, wall",
            "ratio",
            [both.wall / single.wall for both, single in pairs],
            note=f"2 workers {median([r.wall for r in two]):.1f} s, 1 worker {median([r.wall for r in one]):.1f} s",
        ),
        Figure("suites/local on 2 workers, past start", "s", past, Target(60)),
    ]
