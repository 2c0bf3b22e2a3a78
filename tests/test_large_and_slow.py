"""Bodies that are large or slow: what is sent and read of them, and what an environment declares."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from registry_conformance.judge.clients import paced as module
from registry_conformance.judge.clients import partial_transfers
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.paced import made_up, paced
from registry_conformance.judge.clients.partial_transfers import read_slowly
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Door, Transfers
from tests.web_answers import Answer, always, site

AT = "mlflow-artifacts:/1/run/artifacts"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes by sleeping alone; its last entry is now."""
    moments = [0.0]
    fake = SimpleNamespace(monotonic=lambda: moments[-1], sleep=lambda wait: moments.append(moments[-1] + wait))
    monkeypatch.setattr(module, "time", fake)
    return moments


def test_body_comes_as_slowly_as_is_asked(clock: list[float]) -> None:
    """A body at a rate is whole, comes in pieces, and the last of them no sooner than the rate allows."""
    body = bytes(range(256)) * 10
    pieces = list(paced(body, 1000.0))

    assert b"".join(pieces) == body
    assert {len(piece) for piece in pieces[:-1]} == {100}
    assert clock[-1] == pytest.approx(2.5)


def test_body_that_was_held_up_makes_up_for_it(clock: list[float]) -> None:
    """Time that sending took is not waited for a second time."""
    for _ in paced(b"x" * 1000, 1000.0):
        clock.append(clock[-1] + 0.1)  # each piece takes its whole time on the way

    assert clock[-1] == pytest.approx(1.0)


def test_large_body_is_the_same_each_time_and_never_held() -> None:
    """A body that is made up has the size that was asked for, in pieces of a MiB, and does not change."""
    pieces = list(made_up((1 << 20) + 5))

    assert [len(piece) for piece in pieces] == [1 << 20, 5]
    assert hashlib.sha256(b"".join(pieces)).digest() == hashlib.sha256(b"".join(made_up((1 << 20) + 5))).digest()


def test_slow_reader_gets_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that is read slowly comes whole, and no sooner than the rate allows."""
    moments = [0.0]
    fake = SimpleNamespace(monotonic=lambda: moments[-1], sleep=lambda wait: moments.append(moments[-1] + wait))
    monkeypatch.setattr(partial_transfers, "time", fake)
    content = b"".join(made_up(20_000))
    with site(always(Answer(200, content))) as there:
        wire = MlflowHttp(Door("d", there.url), None, Evidence(), "run")
        came = read_slowly(wire, AT, "a.bin", 100_000.0)

    assert came == Body.of([content])
    assert moments[-1] == pytest.approx(0.2, rel=0.01)


FILE = """
description = "far away"
access = "sandboxed"
doors.literal = { url = "http://127.0.0.1:1", policy = "open" }
[transfers]
"""


@pytest.mark.parametrize(
    ("said", "declared"),
    [
        ("", Transfers()),
        ("megabytes = 128", Transfers(largest=128 << 20)),
        ("kilobytes_per_second = 100", Transfers(rate=100_000.0, seconds=60.0)),
        ("kilobytes_per_second = 0.5\nseconds = 5", Transfers(rate=500.0, seconds=5.0)),
    ],
)
def test_transfers_are_declared(tmp_path: Path, said: str, declared: Transfers) -> None:
    """A file says how large a body must pass, and how slow; what it does not say is not declared."""
    file = tmp_path / "environment.toml"
    file.write_text(FILE + said)

    assert target_of("x", read(file, Register({}, "")), None).transfers == declared


def test_seconds_must_be_some(tmp_path: Path) -> None:
    """A body that takes no time is refused, with what is allowed."""
    file = tmp_path / "environment.toml"
    file.write_text(FILE + "seconds = 0")

    with pytest.raises(EnvironmentFileError, match=r"transfers\.seconds cannot be 0"):
        read(file, Register({}, ""))
