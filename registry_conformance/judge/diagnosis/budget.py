"""How long the probes may go on: as long as the target's own pace makes of them, up to what was allowed."""

from __future__ import annotations

import threading
import time

ALLOWED = 120.0
"""Seconds that probes may take at most if nothing else is asked for."""
LEAST = 10.0
"""Seconds that probes may take however fast the target is."""
IN_TURN = 300
"""So many requests one after the other take about as long as all probes, of which several run at once."""
_SPUN = 0.004
"""Seconds of a processor's time by which the machine's own pace is measured."""
_HOLDS = 1.0
"""Seconds for which a measurement of the machine holds."""


class Machine:
    """How much longer work takes on this machine than its own processor time, since others want the processor too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured = -_HOLDS
        self._stretch = 1.0

    @property
    def stretch(self) -> float:
        """1 on a quiet machine; measured anew after a second."""
        with self._lock:
            if time.monotonic() - self._measured > _HOLDS:
                self._stretch = _stretch()
                self._measured = time.monotonic()
            return self._stretch


class Budget:
    """Grows with the mean time of an answer; threads may use it.

    ``most`` bounds it in seconds, from the first question on. ``machine`` is the one that this process runs on. Probes
    are run in the order in which they tell most, so that what is cut at its end is what tells least.
    """

    def __init__(self, most: float = ALLOWED) -> None:
        self.most = most
        self.machine = Machine()
        self._began: float | None = None
        self._lock = threading.Lock()
        self._answers = 0
        self._seconds = 0.0
        self._granted = 0.0

    def answered(self, seconds: float) -> None:
        """Take in how long one answer took."""
        with self._lock:
            self._answers += 1
            self._seconds += seconds

    def grant(self, seconds: float) -> None:
        """Allow so much more: what was asked again because it failed takes no time from what is still to be asked."""
        with self._lock:
            self._granted += seconds

    @property
    def allowed(self) -> float:
        """The seconds that probes may take, by what was measured so far."""
        mean = self._seconds / self._answers if self._answers else 0.0
        return min(self.most, max(LEAST * self.machine.stretch, IN_TURN * mean) + self._granted)

    @property
    def over(self) -> bool:
        """Whether nothing more may be begun."""
        if self._began is None:
            self._began = time.monotonic()
        return time.monotonic() - self._began > self.allowed


def _stretch() -> float:
    wall, own = time.monotonic(), time.thread_time()
    while time.thread_time() - own < _SPUN:
        pass
    return max(1.0, (time.monotonic() - wall) / _SPUN)
