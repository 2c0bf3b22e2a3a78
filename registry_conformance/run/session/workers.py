"""The xdist worker processes of a run, and how they are stopped at once."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

from registry_conformance.judge.waiting import awaited

_PATIENCE = 2.0


class Workers:
    """The worker processes of a controller, if it has any."""

    def __init__(self) -> None:
        self._pids: list[int] = []

    def add(self, node: Any) -> None:
        """Register a worker that is ready."""
        self._pids.append(int(node.gateway._io.popen.pid))  # no public way to a worker of this machine

    def end(self) -> None:
        """Kill all workers now: the ledger lists what they were doing, and finished checks are reported."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            self._pids = awaited(self._living, _PATIENCE, enough=lambda pids: not pids, pause=0.02)

    def _living(self) -> list[int]:
        return [pid for pid in self._pids if not _has_ended(pid)]


def _has_ended(pid: int) -> bool:
    """Return whether a child has ended, without reaping it."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
