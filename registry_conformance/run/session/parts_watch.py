"""Watches the target during a run: the parts of a local stack, or the doors and budget of a live run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.report.tally import RED
from registry_conformance.lab.stack.handle import Stack, StackError

if TYPE_CHECKING:
    from registry_conformance.run.session.live_run import LiveRun

_BETWEEN_LOOKS = 1.0
"""Seconds after which the parts are looked after again, though no check is red."""


class PartsWatch:
    """Watches the target; ``stack`` is set for a local stack, ``live`` for a live run."""

    def __init__(self, live: LiveRun | None) -> None:
        self.stack: Stack | None = None
        self._live = live
        self._looked = time.monotonic()

    def is_due(self, record: CheckRecord) -> bool:
        """Return whether it is time to look: after each failed check, and at intervals."""
        now = time.monotonic()
        if record.verdict not in RED and now - self._looked < _BETWEEN_LOOKS:
            return False
        self._looked = now
        return True

    def problem(self) -> str:
        """Return why nothing more can be judged, empty if it can: a part died, or no door answers."""
        if self._live is not None:
            return self._live.given_up()
        if self.stack is None:
            return ""
        try:
            return "\n".join(self.stack.death_reports())
        except StackError as problem:
            return str(problem)
