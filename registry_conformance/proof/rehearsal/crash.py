"""Crashes of a live run: killed at a request, or asked to end after some seconds."""

from __future__ import annotations

import enum
import os
import random
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from registry_conformance.judge.locations import ROOT, SUITES
from registry_conformance.judge.waiting import ENDLESS, awaited

_FILES = 5
"""The number of check files in a run that crashes; each run has others, so that many crashes cover all checks."""
_REQUESTS, _SECONDS = 500, 20.0
"""The approximate requests and seconds of such a run, from which the crash point is drawn."""
_GRACE = 120.0
"""Seconds for a run to end, and for its workers to notice that their controller is gone."""


class Way(enum.StrEnum):
    """How a run ends."""

    ALL_KILLED = "all its processes killed"
    CONTROLLER_KILLED = "its controller killed"
    ASKED = "asked to end by SIGTERM"


@dataclass(frozen=True, slots=True)
class Crash:
    """One end: what happens, after about how many requests or, if that is 0, how many seconds after the first.

    ``files`` are those of the checks that the visit carries out, whole visits if there are none; ``lost`` is whether
    the ledger is gone afterwards, so that the janitor has names alone to go by.
    """

    way: Way
    requests: int = 0
    seconds: float = 0.0
    lost: bool = False
    files: tuple[str, ...] = ()

    def __str__(self) -> str:
        when = f"after {self.requests} requests" if self.requests else f"{self.seconds:.1f} s after its first request"
        return f"{self.way} {when}" + ", its ledger lost" * self.lost


def drawn(number: int, seed: int) -> list[Crash]:
    """Return random crashes: of three, two are kills at a request and one is a request to end."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    every = [*(SUITES / "contract").rglob("test_*.py"), *(SUITES / "live").glob("test_real_*.py")]
    named = sorted(str(file.relative_to(ROOT)) for file in every)
    found = []
    for place in range(number):
        way, files = list(Way)[place % len(Way)], tuple(chance.sample(named, _FILES))
        if way is Way.ASKED:
            found.append(Crash(way, seconds=chance.uniform(0.0, _SECONDS), files=files))
        else:
            found.append(Crash(way, requests=chance.randrange(1, _REQUESTS), files=files))
    return found


def carry_out(crash: Crash, visit: subprocess.Popen[str], sent: Callable[[], int]) -> int | None:
    """Let a run proceed to the crash point and crash it; return its exit code, ``None`` if it was killed.

    ``visit`` leads a process group; ``sent`` returns the number of its requests.
    """
    _wait_for(crash, visit, sent)
    if visit.poll() is not None:
        return visit.returncode
    if crash.way is Way.ALL_KILLED:
        os.killpg(visit.pid, signal.SIGKILL)
    else:
        visit.send_signal(signal.SIGTERM if crash.way is Way.ASKED else signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        visit.wait(_GRACE)
    awaited(lambda: not _lives(visit.pid), _GRACE)
    with suppress(ProcessLookupError):
        os.killpg(visit.pid, signal.SIGKILL)
    return visit.wait() if crash.way is Way.ASKED else None


def _wait_for(crash: Crash, visit: subprocess.Popen[str], sent: Callable[[], int]) -> None:
    def over() -> bool:
        return visit.poll() is not None

    awaited(lambda: over() or sent() >= max(crash.requests, 1), ENDLESS, pause=0.02)
    awaited(over, crash.seconds, pause=0.02)


def _lives(group: int) -> bool:
    """Return whether a process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
