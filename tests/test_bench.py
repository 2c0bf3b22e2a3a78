"""The bench says what it measured, whether it is met, and refuses what it does not know."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks import broken_door
from benchmarks.bare_client import replay
from benchmarks.checks import figures
from benchmarks.figure import BenchError, Figure, Target, rounds_within, table
from benchmarks.first_steps import BareMachine
from benchmarks.identities import Identities
from benchmarks.stacks import Bench
from benchmarks.steady import busy, steady
from benchmarks.traffic import Sent, Traffic
from registry_conformance.lab.stack.handle import OwnedStack
from tests.tree import ROOT

pytestmark = pytest.mark.usefixtures("forked_throughout")


@pytest.mark.parametrize(
    ("target", "rounds", "met"),
    [
        (Target(1.3), [1.0, 1.2, 9.0], True),
        (Target(1.3), [1.0, 1.4, 1.5], False),
        (Target(0.85, at_least=True), [0.1, 0.9, 0.9], True),
        (Target(0.85, at_least=True), [0.1, 0.8, 0.9], False),
        (None, [1.0], None),
    ],
)
def test_median_decides(target: Target | None, rounds: list[float], met: bool | None) -> None:
    """A figure is met where its median keeps the target; without a target it is neither met nor missed."""
    assert Figure("it", "ratio", rounds, target).met is met


def test_table_shows_every_figure() -> None:
    """A line of the table holds name, unit, least, median, greatest, target and whether it is met."""
    _, line, note = table([Figure("cost", "ms", [3.0, 1.0, 20.0], Target(2.5), "of 300 checks")])

    assert line.split() == ["cost", "[ms]", "1.00", "3.00", "20.00", "at", "most", "2.5", "NO"]
    assert note.strip() == "of 300 checks"


def test_document_holds_every_round() -> None:
    """A figure's data holds each round, so that a reader can judge the spread."""
    document = Figure("cost", "ms", [3.0, 1.0, 20.0], Target(2.5)).document()

    assert document["rounds"] == [3.0, 1.0, 20.0]
    assert (document["min"], document["median"], document["max"]) == (1.0, 3.0, 20.0)
    assert (document["target"], document["met"]) == ("at most 2.5", False)


@pytest.mark.nightly
def test_dead_door_costs_next_to_nothing(tmp_path: Path) -> None:
    """Three doors of which one is dead take no longer than 1.2 times as long as two, however it is dead."""
    found = broken_door.measure(Bench("moto", tmp_path), rounds=1)

    assert len(found) == 2
    assert [line for figure in found if not figure.met for line in table([figure])] == []


def test_spent_time_ends_the_rounds() -> None:
    """A first round always happens, a further one only while there is time."""
    assert list(rounds_within(3, seconds=60)) == [0, 1, 2]
    assert list(rounds_within(3, seconds=0)) == [0]


@pytest.mark.parametrize("option", ["--only=everything", "--rounds=few", "--rounds=-1", "--store=none", "--quick"])
def test_bad_option_is_a_usage_error(option: str) -> None:
    """An option that the bench does not know ends it with one line, the usage, and exit code 4."""
    said = subprocess.run(
        [sys.executable, "scripts/bench", option], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert said.returncode == 4
    assert said.stderr.startswith("bench: ")
    assert "Traceback" not in said.stderr


def check(nodeid: str, seconds: float, *requests: float) -> dict[str, Any]:
    """Return a check as a report has it, with the seconds of its requests."""
    evidence = [{"kind": "exchange", "seconds": each} for each in requests]
    return {"nodeid": nodeid, "seconds": seconds, "evidence": [*evidence, {"kind": "note", "text": "x"}]}


def test_cost_is_told_by_area() -> None:
    """Cost per check is a mean, by the folder that checks lie in; the harness is what requests leave over."""
    run = [
        check("suites/contract/errors/test_a.py::a", 0.030, 0.010, 0.010),
        check("suites/contract/errors/test_a.py::b", 0.010, 0.004),
        check("suites/local/test_b.py::c", 0.500, 0.400, 0.400),
    ]
    shown = {figure.name: figure.rounds for figure in figures([run])}

    assert shown["cost per check, every area"] == pytest.approx([180])
    assert shown["cost per check, errors"] == pytest.approx([20])
    assert shown["cost per check, local"] == pytest.approx([500])
    assert shown["harness in a check, median of a run"] == pytest.approx([6])


def test_slowest_checks_are_named() -> None:
    """The five slowest checks are named, slowest first."""
    run = [check(f"suites/contract/errors/test_a.py::n{number}", number) for number in range(9)]
    slowest = [figure for figure in figures([run]) if figure.name.startswith("slowest")]

    assert [figure.note.split("::n")[1] for figure in slowest] == ["8", "7", "6", "5", "4"]


def test_busy_cores_are_left_idle_again() -> None:
    """While cores are kept busy a process stands on each; afterwards none does."""
    mine = psutil.Process(os.getpid())
    before = {child.pid for child in mine.children()}
    with busy():
        during = {child.pid for child in mine.children()} - before
    assert len(during) == psutil.cpu_count()
    assert {child.pid for child in mine.children()} <= before


def test_one_false_alarm_is_not_steady() -> None:
    """Every run counts: one that is not green makes the verdict unsteady, and says why."""
    said: list[str] = []

    def run() -> float:
        if len(said) == 1:
            raise BenchError("a check failed")
        return 1.0

    assert not steady(3, 1, run, said.append)
    assert [line.split(":")[0] for line in said] == ["run 1 of 3", "run 2 of 3", "run 3 of 3, every core busy"]
    assert "NOT GREEN" in said[1] and "a check failed" in said[1]
    assert steady(2, 0, lambda: 1.0, said.append)


@pytest.mark.parametrize("option", ["--runs=0", "--busy=11", "--busy=-1", "--store=none"])
def test_bad_option_of_steadiness_is_a_usage_error(option: str) -> None:
    """An option that makes no sense ends the program before anything runs, with exit code 4."""
    said = subprocess.run(
        [sys.executable, "scripts/steadiness", option], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert said.returncode == 4
    assert said.stderr.startswith("steadiness: ")


def exchange(started: float, seconds: float, answer: bytes = b"") -> Sent:
    """Return a request as it was recorded."""
    return Sent("GET", "canonical", "/x", (), b"", 0, 200, answer, started, seconds)


def test_requests_that_were_under_way_at_once_are_sent_again_at_once() -> None:
    """Requests that overlap lie in lanes of one group; what begins after all have ended begins another."""
    first, beside, after_first, later = exchange(0, 2), exchange(1, 5), exchange(3, 1), exchange(10, 1)
    groups = Traffic({}, [first, beside, after_first, later]).groups()

    assert list(groups) == [[[first, after_first], [beside]], [[later]]]


def test_names_of_the_server_are_replaced_in_what_follows() -> None:
    """Ids that an answer gave are put in the place of the recorded ones, an experiment's only where one stands."""
    old, new, key = "0a" * 16, "1b" * 16, "hk_recorded-key-0001"
    names = Identities({key: "hk_another-key-00002"})
    names.learn(
        b'{"run": {"id": "%s", "experiment_id": "1"}}' % old.encode(),
        b'{"run": {"id": "%s", "experiment_id": "7"}}' % new.encode(),
    )

    assert names.applied(f"/artifacts/1/{old}/1?key={key}") == f"/artifacts/7/{new}/1?key=hk_another-key-00002"
    assert names.applied('{"experiment_ids": ["1"], "version": "1"}') == '{"experiment_ids": ["7"], "version": "1"}'


def test_replay_counts_answers_of_another_status(stack: OwnedStack, tmp_path: Path) -> None:
    """What was recorded is sent with the key of the same role, and an answer of another status is told."""
    target = stack.target()
    search = replace(
        exchange(0, 1),
        target="/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1",
        headers=(("Authorization", "Bearer hk_recorded-key-0001"),),
    )
    Traffic(
        {"writer": "hk_recorded-key-0001"}, [search, replace(search, status=404), replace(search, door="s3")]
    ).write(tmp_path / "gw0")

    met = replay(tmp_path / "gw0", target)
    assert (met.sent, met.same, met.elsewhere) == (2, 1, 1)
    assert met.differing == {"404 then, 200 now": 1}


def test_a_bare_machine_has_no_caches_and_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step has a fresh checkout and a home of its own; where packages come from is kept, what they left is not."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    monkeypatch.setenv("UV_CACHE_DIR", "/somewhere/full")
    machine = BareMachine.at(tmp_path)
    seen = 'test ! -e .venv -a -f Makefile -a -z "$UV_CACHE_DIR" -a -n "$PIP_INDEX_URL" -a "$HOME" = "$0" -a "$KEY" = k'

    assert machine.seconds("bash", "-c", seen, str(tmp_path / "home"), KEY="k") > 0
    with pytest.raises(BenchError, match=r"(?s)bash -c .* ended with exit code 3:.*why"):
        machine.seconds("bash", "-c", "echo why; exit 3")


def test_bad_option_of_first_steps_is_a_usage_error() -> None:
    """An unknown option ends the program before anything is made, with exit code 4."""
    said = subprocess.run(
        [sys.executable, "scripts/first-steps", "--fast"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert said.returncode == 4
    assert said.stderr.startswith("first-steps: ")
