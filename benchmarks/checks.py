"""What the checks of ``suites/local`` cost: a check of each area, the harness in it, and the five slowest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from benchmarks.figure import Figure, Target, rounds_within
from benchmarks.judged import judge
from benchmarks.stacks import Bench
from registry_conformance.judge.locations import ROOT

ROUNDS = 1
LIMIT = 120.0
SLOWEST = 5
Checks = Sequence[Mapping[str, Any]]
"""The checks of one run, as its ``verdicts.json`` has them."""


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Run ``suites/local`` on two workers and read what each check took from its report."""
    reports = bench.folder / "reports"
    runs: list[Checks] = []
    for _ in rounds_within(rounds, LIMIT):
        judge(ROOT, "suites/local", f"--store={bench.store}", f"--report-dir={reports}", "-n", "2")
        runs.append(json.loads((reports / "latest" / "verdicts.json").read_text())["checks"])
    return figures(runs)


def figures(runs: Sequence[Checks]) -> list[Figure]:
    """Return the figures of one or more runs; the slowest checks are those of the last."""
    areas = sorted({_area(check) for checks in runs for check in checks})
    slowest = sorted(runs[-1], key=lambda check: -float(check["seconds"]))[:SLOWEST]
    return [
        _cost("every area", runs),
        Figure(
            "harness in a check, median of a run",
            "ms",
            [_median_beside_requests(checks) for checks in runs],
            Target(1.5),
            "what a check took beyond its own requests, evidence and fixtures included",
        ),
        *(_cost_in(area, runs) for area in areas),
        *(
            Figure(f"slowest check, {place}", "s", [float(check["seconds"])], note=check["nodeid"])
            for place, check in enumerate(slowest, 1)
        ),
    ]


def _cost_in(area: str, runs: Sequence[Checks]) -> Figure:
    """Return the mean cost of a check of one area."""
    return _cost(area, [_of_area(area, checks) for checks in runs])


def _of_area(area: str, checks: Checks) -> Checks:
    return [check for check in checks if _area(check) == area]


def _median_beside_requests(checks: Checks) -> float:
    """Return the median of the milliseconds that checks took beyond their requests."""
    return median((float(check["seconds"]) - _requests(check)) * 1000 for check in checks)


def _cost(area: str, runs: Sequence[Checks]) -> Figure:
    """Return the mean cost of a check; a run without such checks has no value."""
    some = [checks for checks in runs if checks]
    seconds, requests = (
        sum(float(check["seconds"]) for check in some[-1]),
        sum(_requests(check) for check in some[-1]),
    )
    note = f"{len(some[-1])} checks: {seconds:.1f} s, of it {requests:.1f} s in {_count(some[-1])} requests"
    return Figure(f"cost per check, {area}", "ms", [_mean_duration(checks) for checks in some], note=note)


def _mean_duration(checks: Checks) -> float:
    """Return the mean of the milliseconds that checks took."""
    return fmean(float(check["seconds"]) * 1000 for check in checks)


def _area(check: Mapping[str, Any]) -> str:
    """Return the folder that a check lies in: an area of the contract, or ``local``."""
    return str(check["nodeid"]).split("::")[0].split("/")[-2]


def _exchanges(check: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (item for item in check["evidence"] if item["kind"] == "exchange")


def _requests(check: Mapping[str, Any]) -> float:
    """Return the seconds that a check's requests took; of several at once no more than the check itself."""
    return min(sum(float(item["seconds"]) for item in _exchanges(check)), float(check["seconds"]))


def _count(checks: Checks) -> int:
    return sum(1 for check in checks for _ in _exchanges(check))
