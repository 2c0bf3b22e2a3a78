"""The bench says what it measured, whether it is met, and refuses what it does not know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.figure import Figure, Target, rounds_within, table
from tests.tree import ROOT


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
