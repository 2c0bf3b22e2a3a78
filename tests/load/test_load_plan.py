"""A load is read from one line, costs no more than it may, and its figures are those of its history."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path

import pytest

from registry_conformance.judge.load.allowance import Allowance, Cost
from registry_conformance.judge.load.figures import LEAST_OVERTAKEN, StepFigures, growth, knee, overtaken, percentile
from registry_conformance.judge.load.history import Operation
from registry_conformance.judge.load.plan import LoadPlan, LoadPlanError
from registry_conformance.judge.load.usage import Sample
from registry_conformance.judge.report.load import compared, notes
from registry_conformance.judge.report.run_snapshot import RunSnapshot
from registry_conformance.judge.target.guard import Budget
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.run.option_values import SettingsError, absent_parts, load_plan
from tests.safeguards.test_guard import guard


@pytest.mark.parametrize(
    "line",
    [
        "shape=ramp users=6 seconds=40 sizes=4KiB=90,8MiB=10",
        "shape=spike users=8 seconds=10 sdk=0.25 kill=mlflow p95=0.5",
        "shape=soak users=4 kill=database registrations=10000",
    ],
)
def test_a_plan_reads_as_it_is_written(line: str) -> None:
    """A plan that is written out is read as the same plan."""
    assert LoadPlan.parse(str(LoadPlan.parse(line))) == LoadPlan.parse(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shape=ramps", "shape=ramps: unknown; did you mean ramp?"),
        ("users=0", "users=0: give a number from 1 to 10000"),
        ("users=1.5", "users=1.5: give a whole number"),
        ("seconds=soon", "seconds=soon: give a number"),
        ("sizes=4KB=1", "sizes=4KB=1: give sizes up to 1024MiB with weights above 0"),
        ("sizes=4KiB=0", "with weights above 0"),
        ("errors=2", "errors=2: give a number from 0 to 1"),
        ("kill=disk", "kill=disk: unknown"),
        ("registrations=0", "registrations=0: give a number from 1"),
        ("registrations=5 seconds=9", "registrations=5: such a load takes as long as it takes: give no seconds"),
        ("shape=ramp registrations=5", "registrations=5: a ramp has steps in time: give shape=steady or soak"),
        ("speed=9", "speed=9: unknown"),
    ],
)
def test_a_plan_that_cannot_be_had_is_named(line: str, said: str) -> None:
    """What cannot be had is refused by its name, with what can."""
    with pytest.raises(LoadPlanError) as refused:
        LoadPlan.parse(line)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("part", "backend", "store", "proxy", "said"),
    [
        ("database", "sqlite", "moto", "envoy", "add --backend-store=postgresql"),
        ("store", "postgresql", "http://127.0.0.1:9000", "envoy", "not ours to kill"),
        ("auth", "sqlite", "moto", "none", "with --proxy=none nobody asks it"),
        ("proxy", "sqlite", "moto", "none", "there is none with --proxy=none"),
    ],
)
def test_a_part_that_the_stack_does_not_have_is_not_killed(
    part: str, backend: str, store: str, proxy: str, said: str
) -> None:
    """Such a load would break off in its midst; it is refused before anything starts."""
    absent = absent_parts(backend, store, Neighbour.named(proxy))
    with pytest.raises(SettingsError, match=f"kill={part}: .*{re.escape(said)}"):
        load_plan(f"kill={part}", absent)
    assert "kill=mlflow" in load_plan("kill=mlflow", absent)


@pytest.mark.parametrize(
    ("line", "users"),
    [
        ("shape=ramp users=6", [1, 2, 4, 6]),
        ("shape=ramp users=1", [1]),
        ("shape=spike users=8", [2, 8, 2]),
        ("shape=soak users=3", [3]),
    ],
)
def test_steps_follow_the_shape(line: str, users: list[int]) -> None:
    """The steps of a shape follow one another without a gap, from its beginning to its end."""
    steps = LoadPlan.parse(f"{line} seconds=30").steps

    assert [step.users for step in steps] == users
    assert [step.ends for step in steps[:-1]] == [step.begins for step in steps[1:]]
    assert (steps[0].begins, steps[-1].ends) == (0, 30)


def test_a_load_until_so_many_registrations_has_no_time() -> None:
    """A load that ends after registrations has one step without an end, and is written without a time."""
    plan = LoadPlan.parse("users=3 registrations=500")

    assert [(step.users, step.ends) for step in plan.steps] == [(3, math.inf)]
    assert "seconds" not in str(plan)
    assert "registrations=500" in plan.series


def test_a_piece_of_work_begins_only_if_it_can_be_looked_at(tmp_path: Path) -> None:
    """A cap is reached before the last request that it allows: what was done is still to be looked at."""
    own = guard(tmp_path, Budget(100, 1000, 10, 60.0))
    allowance = Allowance(own, users=1, kept_back=10)
    before = allowance.lacks(Cost(10))
    for _ in range(60):
        own.allow("GET", "/x")

    assert before == ""
    assert allowance.lacks(Cost(10)) == "the cap on requests is reached (60 of 100)"
    assert allowance.lacks(Cost(0, bytes=600)) == "the cap on bytes is reached (0 of 1000)"


def test_a_target_of_our_own_has_no_caps() -> None:
    """Without a guard a load may cost anything."""
    assert Allowance(None, users=100).lacks(Cost(10**9, 10**12, 10**6)) == ""


def test_no_more_requests_go_in_a_second_than_the_rate(tmp_path: Path) -> None:
    """A request waits for its turn before it is sent."""
    own = guard(tmp_path, Budget(100, 1000, 10, 60.0, rate=50))
    began = time.monotonic()
    for _ in range(11):
        own.allow("GET", "/x")

    assert time.monotonic() - began >= 0.2


def test_the_table_that_sets_a_cap_is_named(tmp_path: Path) -> None:
    """A cap of a load is raised under [load], and not under [budget]."""
    own = guard(tmp_path, Budget(0, 0, 0, 60.0, table="load"))
    with pytest.raises(Exception, match=r"raise requests under \[load\]"):
        own.allow("GET", "/x")


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.95, 10), (0.99, 10), (0.1, 1)])
def test_a_percentile_is_a_value_that_was_seen(share: float, value: float) -> None:
    """A percentile is the least value that so many do not exceed."""
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == value
    assert percentile([], share) == 0


def step(users: int, rate: float) -> StepFigures:
    """Return a step that served so many requests a second."""
    return StepFigures(users, 0, 1, 10, rate, 0.1, 0.2, 0.3, 0)


def test_the_knee_is_where_more_users_bring_no_more() -> None:
    """The knee is the first step near the greatest rate; a single step has none."""
    found = knee([step(1, 10), step(2, 19), step(4, 30), step(8, 31), step(16, 28)])

    assert found is not None and found.users == 4
    assert knee([step(8, 31)]) is None


@pytest.mark.parametrize(("last", "grown"), [(100.0, False), (109.0, False), (125.0, True)])
def test_memory_is_compared_after_warming_up(last: float, *, grown: bool) -> None:
    """What a part takes at first does not count; what it takes at last does."""
    taken = [50.0] * 5 + [100.0] * 5 + [100.0] * 10 + [last] * 5

    assert (growth([Sample(at, 0, memory, 0) for at, memory in enumerate(taken)]) > 0.1) is grown


def test_a_load_alone_is_compared_with_nothing() -> None:
    """The first load of a series has no ratio, and a run is not compared with itself or with one without a load."""
    own = snapshot("run", {"rate": 5.0, "p95": 0.1})

    assert compared({"rate": 10.0, "p95": 0.1}, "run", []) is None
    assert compared({"rate": 10.0, "p95": 0.1}, "run", [snapshot("earlier", {}), own]) is None


def test_a_load_is_compared_with_the_last_of_its_series() -> None:
    """What is told is a ratio, of the load before and not of an older one."""
    before = [snapshot("older", {"rate": 1.0, "p95": 9.0}), snapshot("last", {"rate": 8.0, "p95": 0.4})]

    assert compared({"rate": 10.0, "p95": 0.1}, "run", before) == {"run": "last", "rate": 1.25, "p95": 0.25}


def snapshot(run: str, load: dict[str, float]) -> RunSnapshot:
    """Return an earlier run with the figures of its load."""
    return RunSnapshot(run, "s", True, "", 1.0, 0, Verdict.PASSED, "", "", "", {}, {}, load=load)


@pytest.mark.parametrize(("width", "side_by_side"), [(1, False), (4, True)])
def test_who_waits_in_one_line_is_not_overtaken(width: int, *, side_by_side: bool) -> None:
    """Where requests are served in the order in which they came, none overtakes; with several servers some do."""
    free, found = [0] * width, []
    for number in range(600):
        began = number * 30_000_000
        server = free.index(min(free))
        took = 300_000_000 if number % 5 == 0 else 20_000_000
        free[server] = max(free[server], began) + took
        found.append(Operation(str(number), "u", "get", "k", began=began, ended=free[server], outcome="ok"))
    share = overtaken(found)

    assert share is not None
    assert (share >= LEAST_OVERTAKEN) is side_by_side
    assert overtaken(found[:20]) is None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, []),
        (
            {"killed": {"part": "store", "recovery": 4.26}},
            ["store was killed: all was served again 4.3 s later"],
        ),
        ({"ended_early": ["no room", "no room"]}, ["the load ended early: no room"]),
        ({"lost_workers": ["worker 3 ended"], "generator": {"saturated": "busy"}}, ["busy", "worker 3 ended"]),
    ],
)
def test_a_report_tells_how_the_load_went(told: dict[str, object], said: list[str]) -> None:
    """A part that was killed, an early end, a lost worker and a generator at its end are each told once."""
    calm: dict[str, object] = {"killed": None, "ended_early": [], "lost_workers": [], "generator": {"saturated": ""}}

    assert notes(calm | told) == said
