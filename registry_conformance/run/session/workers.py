"""The worker processes of a run, as its controller knows them: which there are, and how they end at once."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Any

_PATIENCE = 2.0


class Workers:
    """The processes that run checks for a controller, if it has such."""

    def __init__(self) -> None:
        self._pids: list[int] = []

    def add(self, node: Any) -> None:
        """Take note of a worker that is ready."""
        self._pids.append(int(node.gateway._io.popen.pid))  # no public way to a worker of this machine

    def end(self) -> None:
        """End all of them now: what they were at is in the ledger, and what they finished is told."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            give_up = time.monotonic() + _PATIENCE
            while self._pids and time.monotonic() < give_up:
                self._pids = [pid for pid in self._pids if not _has_ended(pid)]
                time.sleep(0.02)


def _has_ended(pid: int) -> bool:
    """Return whether a child has ended; it stays for whoever started it to be waited for."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
