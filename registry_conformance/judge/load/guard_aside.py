"""A guard that is asked beside the loop: its ledger is on the disk before a request is sent, and nobody else waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent

from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.requests import Made


@dataclass(frozen=True, slots=True)
class GuardAside(Guard):
    """The same guard, on the same ledger, asked in a thread of its own."""

    @classmethod
    def of(cls, guard: Guard) -> GuardAside:
        """Return a guard in this form."""
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
        """Note a request that is about to be sent; raise ``GuardError`` if it may not be."""
        _aside(lambda: Guard.allow(self, method, path, size, made, door, removes=removes))

    def met(self, method: str, path: str, door: str, *, dead: bool) -> None:
        """Note a request that was sent."""
        _aside(lambda: Guard.met(self, method, path, door, dead=dead))

    def learn(self, made: Made, own_id: str) -> None:
        """Note what the target calls something."""
        _aside(lambda: Guard.learn(self, made, own_id))

    def spent(self) -> dict[str, tuple[float, float]]:
        """Return what the run has cost so far and may cost."""
        found: dict[str, tuple[float, float]] = _aside(lambda: Guard.spent(self))
        return found


def _aside(work: Callable[[], Any]) -> Any:
    """Return what work in a thread of the loop's pool returns; meanwhile others have their turn."""
    return gevent.get_hub().threadpool.apply(work)
