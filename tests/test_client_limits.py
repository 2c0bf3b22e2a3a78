"""The user's own limits are held against what requests were seen to take: no YES where the client gives up."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from registry_conformance.judge.diagnosis.client_limits import ROOM, gives_up
from registry_conformance.judge.diagnosis.doctor import lines
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.naming import as_cause
from registry_conformance.judge.diagnosis.outcome import Health, health
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.usual_numbers import check_numbers, client_limits
from registry_conformance.judge.live.usual_room import client_room
from registry_conformance.judge.target.target import Door, Target

TIMEOUT, RETRIES = "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


def took(seconds: float, name: str = "pace.put.P", status: int | None = 200) -> Facts:
    """Return facts with one request whose answer was waited for so long."""
    facts = Facts()
    moments = (0.001, 0.01, 0.01 + seconds)
    exchange = Exchange("PUT", "http://door/x", "door", status, seconds=seconds + 0.03, moments=moments)
    facts.record(name, f"slow {seconds:.0f} s", f"an upload took {seconds} s", "fast", (exchange.evidence(),))
    return facts


@pytest.mark.parametrize(
    ("facts", "limits", "named"),
    [
        (took(3.0), {TIMEOUT: 2}, True),
        (took(3.0), {TIMEOUT: 30}, False),
        (took(3.0), {}, False),
        (took(3.0, "put.P"), {TIMEOUT: 2}, False),
        (took(5.0, "size.9m.P"), {TIMEOUT: 2}, True),
        (took(3.0, status=None), {TIMEOUT: 2}, False),
        (took(3.0, "pace.search.O"), {TIMEOUT: 2}, False),
    ],
    ids=["too-short", "long-enough", "unset", "beside-others", "far-too-short", "unanswered", "another-place"],
)
def test_a_time_that_is_too_short_is_named(facts: Facts, limits: dict[str, int], named: bool) -> None:
    """What was answered later than the client waits ends it; what was asked beside others waited for them too."""
    found = gives_up(facts, tuple(limits.items()))
    assert (found is not None) is named


@pytest.mark.parametrize(
    ("fact", "value", "retries", "named"),
    [
        ("again.bridged.P", "40 of 200: 503", 0, True),
        ("again.bridged.P", "40 of 200: 503", 7, False),
        ("again.bridged.P", "100 of 200: 503", 3, True),
        ("again.bridged.P", "1 of 200: 503", 1, False),
        ("again.paced.P", "about 7 a second", 0, True),
        ("again.paced.P", "about 7 a second", 1, False),
    ],
)
def test_too_few_repetitions_are_named(fact: str, value: str, retries: int, named: bool) -> None:
    """The share of requests that fail tells how often one of a registration's must be repeated."""
    facts = Facts()
    facts.record(fact, value, "some failed", ".*")
    assert (gives_up(facts, ((RETRIES, retries),)) is not None) is named


@pytest.mark.parametrize(("free", "named"), [(0, True), (100 << 10, True), (64 << 20, False)])
def test_a_machine_without_room_is_named(free: int, named: bool) -> None:
    """A model is written to the temporary folder before it is uploaded."""
    found = gives_up(Facts(), ((ROOM, free),))
    assert (found is not None) is named
    assert found is None or f"has room for {free >> 10} KiB" in found.sentence


def test_room_is_that_of_the_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is free in the folder that TMPDIR names counts; without a folder that can be used nothing is told."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ((name, free),) = client_room()
    assert (name, free > 0) == (ROOM, True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert client_room() == ()


def test_who_gives_up_is_not_told_yes() -> None:
    """A deployment that is only slow is ill for a client that does not wait, and the fix is the variable."""
    facts = took(3.0)
    found = gives_up(facts, ((TIMEOUT, 2),))
    assert found is not None
    diagnosis = Diagnosis((as_cause(found),), facts)

    assert health(diagnosis) is Health.ILL
    told = list(lines(Target("x", "address", (Door("given", "http://door"),), {}), diagnosis))
    assert told[2].startswith("NO: MLFLOW_HTTP_REQUEST_TIMEOUT=2")
    assert told[3] == "Yours to fix: unset MLFLOW_HTTP_REQUEST_TIMEOUT (120 seconds then), or set it to 15 or more"


def test_limits_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set is read; what is not set bounds nothing."""
    monkeypatch.setenv(TIMEOUT, " 30 ")
    monkeypatch.delenv(RETRIES, raising=False)
    assert client_limits() == ((TIMEOUT, 30),)


@pytest.mark.parametrize(("name", "value"), [(TIMEOUT, "0"), (RETRIES, "11"), (RETRIES, "-1")])
def test_a_number_that_ends_the_client_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time at all, and more repetitions than the client allows itself, end it before anything is sent."""
    monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentFileError, match=f"the environment variable {name}: the MLflow client ends over"):
        check_numbers()
