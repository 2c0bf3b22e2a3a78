"""A guard for event loops: its ledger is written before a request is sent, without blocking other users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent

from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.requests import Made


@dataclass(frozen=True, slots=True)
class ThreadedGuard(Guard):
    """The same guard with the same ledger, called in a thread."""

    @classmethod
    def of(cls, guard: Guard) -> ThreadedGuard:
        """Return this wrapper of a guard."""
        return cls(guard.file, guard.run, guard.budget, guard.read_only, guard.patience, guard.target)

    def allow(
        self,
        method: str,
        path: str,
        size: int = 0,
        made: Made | None = None,
        door: str = "",
        *,
        removes: Made | None = None,
    ) -> None:
        """Record a request before it is sent; raise ``GuardError`` if it must not be sent."""
        _aside(lambda: Guard.allow(self, method, path, size, made, door, removes=removes))

    def met(self, method: str, path: str, door: str, *, dead: bool) -> None:
        """Record a request that was sent."""
        _aside(lambda: Guard.met(self, method, path, door, dead=dead))

    def refused(self, made: Made) -> None:
        """Record that a request to create something was rejected."""
        _aside(lambda: Guard.refused(self, made))

    def unsent(self, made: Made) -> None:
        """Record that a request to create something never left this machine."""
        _aside(lambda: Guard.unsent(self, made))

    def ended(self, made: Made, own_id: str) -> None:
        """Record that a multipart upload was completed or aborted, or that the target has deleted a model."""
        _aside(lambda: Guard.ended(self, made, own_id))

    def learn(self, made: Made, own_id: str) -> None:
        """Record the target's id of an object."""
        _aside(lambda: Guard.learn(self, made, own_id))

    def spent(self) -> dict[str, tuple[float, float]]:
        """Return the run's cost so far and its limits."""
        found: dict[str, tuple[float, float]] = _aside(lambda: Guard.spent(self))
        return found


def _aside(work: Callable[[], Any]) -> Any:
    """Return the result of blocking work, run in the loop's thread pool."""
    return gevent.get_hub().threadpool.apply(work)
