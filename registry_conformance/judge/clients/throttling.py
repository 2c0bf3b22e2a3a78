"""Retries throttled requests after their Retry-After, as the MLflow client does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.waiting import awaited

_PAUSE = 1.0
"""Seconds to wait for who says none."""
_SHORTEST, _LONGEST = 0.5, 5.0
"""Shortest and longest wait in seconds, whatever Retry-After says: a throttling server is never retried at once."""


def throttled(answer: Exchange) -> bool:
    """Return whether a response is 429, or a temporary 503."""
    return answer.status == 429 or (answer.status == 503 and bool(answer.header("retry-after")))


def pause_after(answer: Exchange, longest: float = _LONGEST) -> float:
    """Return the seconds to wait that a response asks for, between 0.5 and ``longest``."""
    told = answer.header("retry-after").strip()
    return min(max(float(told), _SHORTEST), longest) if told.isdecimal() else _PAUSE


@dataclass(slots=True)
class Patience:
    """Waits for a throttling target, for ``left`` seconds in all."""

    left: float

    def ask(self, send: Callable[[], Exchange]) -> Exchange:
        """Return the first response that is not throttled, or the last one before the time is up."""
        first, began = send(), time.monotonic()
        if not throttled(first) or self.left <= 0:
            return first
        pause = min(pause_after(first), self.left)
        time.sleep(pause)
        last = awaited(send, self.left - pause, enough=lambda met: not throttled(met), pause=pause)
        self.left -= time.monotonic() - began
        return last
