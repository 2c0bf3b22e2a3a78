"""A command that waits for a slow target says so, and is silent where nothing takes long."""

from __future__ import annotations

import re
import threading

import click
import pytest

from registry_conformance.cli.patience import NAME, patience


def test_who_waits_is_told_that_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines come while the block runs, on stderr, with what is done and for how long, and end with it."""
    told: list[str] = []
    enough = threading.Event()

    def hear(line: str, *, err: bool) -> None:
        told.append(line)
        if err and len(told) > 1:
            enough.set()

    monkeypatch.setattr(click, "echo", hear)
    with patience("doctor", "asking", pause=0.01):
        assert enough.wait(600)
    count = len(told)
    assert all(re.fullmatch(r"doctor: still asking, for \d+ s", line) for line in told)
    assert not any(thread.name == NAME for thread in threading.enumerate())
    assert len(told) == count


def test_what_is_quick_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said before the pause is over, and an error passes as it is."""
    with pytest.raises(KeyError), patience("janitor", "asking"):
        raise KeyError
    assert not capsys.readouterr().err
