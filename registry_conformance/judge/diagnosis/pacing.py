"""A place that limits how often it is asked is asked at the pace that it allows, as the MLflow client ends up doing.

The MLflow client repeats what is answered 429, after the time in Retry-After: a limit that it gets past is no failure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from registry_conformance.judge.clients.throttling import pause_after, throttled
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.evidence.exchange import Exchange

PACED = "again.paced"
"""The fact about a limit of requests that the client gets past."""
_MOST = 5
"""So many times a throttled request is repeated; the client does it more often."""
_LONGEST = 60.0
"""The longest pause, in seconds, that is waited for whatever Retry-After says."""
_FIRST_SPACING, _WIDER = 0.1, 1.5
"""Seconds between two requests after the first refusal, and so many times as many after each further one."""


@dataclass
class Pacing:
    """Spaces the requests to one place once it has refused some as too many; threads may use it.

    Where nobody was served, all are throttled for good, as with a quota that is used up: nothing is waited for then.
    ``budget`` bounds how long is waited.
    """

    budget: Budget
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _served: bool = False
    _for_good: set[str] = field(default_factory=set)
    """Who was refused, however long was waited."""
    _failing: bool = False
    """Whether 503 was said again to a request that had waited: something fails, and is no limit."""
    _limited: bool = False
    """Whether 429 was said: 503 may be of a part that is away as well."""
    _refusals: int = 0
    _bridged: int = 0
    _told: str = ""
    """How the first refusal was told: its status and its Retry-After."""
    _spacing: float = 0.0
    _next: float = 0.0
    """When the next request may be sent."""
    _widened: float = 0.0
    """Until when a refusal is one of those that came together."""

    def ask(self, who: str, send: Callable[[], Exchange]) -> Exchange:
        """Return the answer to a request, after as many repetitions as a limit of requests makes of it."""
        self._await_turn()
        sent = time.monotonic()
        met = send()
        if throttled(met) and met.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return self._later(met, send)
        for _ in range(_MOST):
            if not throttled(met):
                return met
            if not self._waits(who, met, sent):
                return met
            self._await_turn()
            sent = time.monotonic()
            met = send()
            if not throttled(met):
                with self._lock:
                    self._bridged += 1
                return met
        with self._lock:
            self._for_good.add(who)
        return met

    def _later(self, refused: Exchange, send: Callable[[], Exchange]) -> Exchange:
        """Return the answer to a request that was answered 503 with Retry-After, after one repetition.

        A part that fails says the same as a limit, and says it again: after that no other request is repeated for it.
        """
        with self._lock:
            pause = pause_after(refused)
            if not self._served or self._failing or pause > self.budget.left:
                return refused
        with self.budget.besides():
            time.sleep(pause)
        met = send()
        with self._lock:
            if throttled(met):
                self._failing = True
            else:
                self._refusals, self._bridged = self._refusals + 1, self._bridged + 1
                self._told = self._told or _as_told(refused)
                self._spacing = self._spacing or _FIRST_SPACING
        return met

    def served(self) -> None:
        """Take in that a request with the key of a writer was answered well."""
        self._served = True

    @property
    def limited(self) -> bool:
        """Whether requests wait for their turn, since the door limits how many there may be."""
        return self._spacing > 0

    def tell(self, facts: Facts, place: str) -> None:
        """Tell of a limit that was met, and that was got past each time."""
        with self._lock:
            if not self._bridged or self._for_good:
                return
            rate = _rate(self._spacing)
            what = "there is a limit of requests"
            if not self._limited:
                what = "something is away for a moment, or limits requests"
            words = (
                f"{what}: {self._refusals} of them got {self._told}, and went through later, as those of the MLflow "
                f"client do, which repeats them"
            )
            words += f"; at about {rate} they pass" if self._limited else ""
        facts.record(f"{PACED}.{place}", f"about {rate}", words, ".*")

    def _waits(self, who: str, refused: Exchange, sent: float) -> bool:
        """Take a refusal in; return whether it is worth waiting."""
        pause = pause_after(refused, _LONGEST)
        with self._lock:
            if not self._served or who in self._for_good:
                return False
            if pause > self.budget.left:
                self._for_good.add(who)
                return False
            self._refusals += 1
            self._limited = True
            self._told = self._told or _as_told(refused)
            now = time.monotonic()
            if sent >= self._widened:  # of those that were sent before, one refusal stands for all
                self._spacing = self._spacing * _WIDER or _FIRST_SPACING
                self._widened = now
            self._next = max(self._next, now + pause)
        return True

    def _await_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._spacing if self._spacing else self._next
        if turn > now:
            with self.budget.besides():
                time.sleep(turn - now)


def _as_told(refused: Exchange) -> str:
    retry = refused.header("retry-after").strip()
    return f"{refused.status}" + (f" with Retry-After: {retry}" if retry else "")


def _rate(spacing: float) -> str:
    if spacing <= 1:
        return f"{1 / spacing:.0f} a second"
    return f"{60 / spacing:.0f} a minute"
