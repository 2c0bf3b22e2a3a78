"""What the proxy costs under load: requests a second and 95th percentile, through it over those of MLflow alone."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import click
import psutil

from benchmarks.figure import BenchError, Figure, rounds_within
from benchmarks.figure import Target as Bound
from benchmarks.stacks import Bench, Up, stack_up
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.load import figures
from registry_conformance.judge.load.load_run import FinishedLoad, LoadContext, load
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.programs import database_program

ROUNDS = 4
LIMIT = 150.0
"""Seconds after which no further round of one kind of server begins."""
RAMP = LoadPlan.parse("shape=ramp users=8 seconds=24 sizes=4KiB=1")
"""Users double up to eight; small models, so that requests count and not the store's disk."""
SECONDS = 15
"""The length of one steady load with as many users as at the later knee: a ramp's step is too short for it."""
DATABASES = ("sqlite", "postgresql")
SERVERS = (1, 2)


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Ramp MLflow alone and the proxy up to the knee, then load both in turn with as many users.

    The users are those of the later knee: with fewer, one of the two is not loaded yet, and the ratio of rates is one
    of latencies. What a single user waits is told apart, without a target. This is done for each database and number
    of processes. MLflow has one CPU core to itself, the same in both; proxy, auth service, store and clients share the
    others. Raises ``BenchError`` on a machine with one core.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchError("MLflow needs a CPU core of its own, and there is one in all")
    found: list[Figure] = []
    with _only_on(cores[1:]):
        for database, servers in itertools.product(DATABASES, SERVERS):
            if database == "postgresql" and database_program("initdb") is None:
                click.echo("not measured: PostgreSQL, which is not installed on this machine", err=True)
                continue
            folder = bench.folder / f"{database}-{servers}"
            with stack_up(bench, servers, database) as up:
                _pin(up.stack.processes()["mlflow"], cores[0])
                found += _compared(up, folder, rounds, f"{database}, {servers} of MLflow")
    return found


def _compared(up: Up, folder: Path, rounds: int, what: str) -> Iterator[Figure]:
    if up.target.origin is None:
        raise BenchError("the stack shows no origin")
    alone = replace(up.target, doors=(replace(up.target.origin, name="alone"),), keys={})
    ways: Mapping[str, Target] = {"proxy": up.target, "alone": alone}
    ramps = {way: figures.steps(_loaded(target, RAMP, folder / f"ramp-{way}")) for way, target in ways.items()}
    knees = {way: _knee(steps).users for way, steps in ramps.items()}
    users = max(knees.values())
    steady = replace(RAMP, shape="steady", users=users, seconds=SECONDS)
    done: dict[str, list[FinishedLoad]] = {"proxy": [], "alone": []}
    for number in rounds_within(rounds, LIMIT):
        for way in ("proxy", "alone") if number % 2 else ("alone", "proxy"):
            done[way].append(_loaded(ways[way], steady, folder / f"{way}-{number}"))
    rates, slowest = {}, {}
    for way, loads in done.items():
        found = [_whole(one) for one in loads]
        rates[way] = [one.rate for one in found]
        slowest[way] = [one.p95 for one in found]
    used = max(figures.generator(one).cpu for loads in done.values() for one in loads)
    yield Figure(
        f"{what}: requests with {users} users, proxy / alone",
        "ratio",
        _ratios(rates),
        Bound(0.9, at_least=True),
        f"proxy {median(rates['proxy']):.0f}/s, alone {median(rates['alone']):.0f}/s; knee of the proxy at"
        f" {knees['proxy']}, alone at {knees['alone']}; the generator took {used:.0%} of a core at most",
    )
    yield Figure(
        f"{what}: p95 with {users} users, proxy / alone",
        "ratio",
        _ratios(slowest),
        Bound(1.15),
        f"proxy {median(slowest['proxy']) * 1000:.0f} ms, alone {median(slowest['alone']) * 1000:.0f} ms",
    )
    single = {way: steps[0].p50 for way, steps in ramps.items()}
    yield Figure(
        f"{what}: median latency of a single user, proxy / alone",
        "ratio",
        [single["proxy"] / single["alone"]],
        note=f"proxy {single['proxy'] * 1000:.1f} ms, alone {single['alone'] * 1000:.1f} ms",
    )


def _loaded(target: Target, plan: LoadPlan, folder: Path) -> FinishedLoad:
    try:
        return load(target, plan, LoadContext(folder, new_run_id()))
    except Mismatch as problem:
        raise BenchError(f"the load could not be put on {target.doors[0].url}: {problem}") from problem


def _knee(steps: Sequence[figures.StepFigures]) -> figures.StepFigures:
    found = figures.knee(steps)
    if found is None or not found.rate:
        raise BenchError("the load got no answer")
    return found


def _whole(happened: FinishedLoad) -> figures.StepFigures:
    """Return the figures of a steady load, which has one step."""
    return figures.steps(happened)[0]


def _ratios(measured: Mapping[str, Sequence[float]]) -> list[float]:
    return [proxy / alone for proxy, alone in zip(measured["proxy"], measured["alone"], strict=True)]


def _pin(processes: Sequence[int], core: int) -> None:
    """Give every thread of these processes one core; threads that they start later have it too."""
    for pid in processes:
        for thread in psutil.Process(pid).threads():
            os.sched_setaffinity(thread.id, {core})


@contextmanager
def _only_on(cores: Sequence[int]) -> Iterator[None]:
    """Keep this process, and what it starts, on some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
