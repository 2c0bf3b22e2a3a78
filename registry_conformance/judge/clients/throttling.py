"""Who is told to come again later does so, as the MLflow client does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.waiting import awaited

_PAUSE = 1.0
"""Seconds to wait for who says none."""
_SHORTEST, _LONGEST = 0.5, 5.0
"""Seconds to wait at least and at most, whatever is said: who is asked too much is not asked again at once."""


def throttled(answer: Exchange) -> bool:
    """Return whether an answer says that there were too many requests, or none can be served for a moment."""
    return answer.status == 429 or (answer.status == 503 and bool(answer.header("retry-after")))


def pause_after(answer: Exchange) -> float:
    """Return for how many seconds an answer wants its client to wait, from half a second to five."""
    told = answer.header("retry-after").strip()
    return min(max(float(told), _SHORTEST), _LONGEST) if told.isdigit() else _PAUSE


@dataclass(slots=True)
class Patience:
    """Waits for a target that is asked too much, for ``left`` seconds in all."""

    left: float

    def ask(self, send: Callable[[], Exchange]) -> Exchange:
        """Return the first answer that is not throttled, or else the last while there is patience."""
        first, began = send(), time.monotonic()
        if not throttled(first) or self.left <= 0:
            return first
        pause = min(pause_after(first), self.left)
        time.sleep(pause)
        last = awaited(send, self.left - pause, enough=lambda met: not throttled(met), pause=pause)
        self.left -= time.monotonic() - began
        return last
