"""The time left of a run is told when it can be known, and not before."""

from __future__ import annotations

import pytest

from registry_conformance.judge.time_left import time_left


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (1, 258, 140.0, ""),
        (12, 258, 500.0, ""),
        (13, 258, 130.0, "about 41 min left"),
        (200, 258, 9.0, ""),
        (200, 258, 200.0, "about 58 s left"),
        (258, 258, 900.0, "done"),
        (1, 1, 30.0, "done"),
    ],
)
def test_time_left_needs_a_twentieth_and_ten_seconds(done: int, total: int, seconds: float, words: str) -> None:
    """Nothing is said of the time left before a twentieth of the run is done and ten seconds are over."""
    assert time_left(done, total, seconds) == words
