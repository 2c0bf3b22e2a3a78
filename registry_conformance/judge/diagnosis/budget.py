"""How long the probes may go on: as long as the target's own pace makes of them, up to what was allowed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

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
_TOGETHER = 3
"""So many measurements are taken together: others want the processor in turns, and a short look meets one or none."""


class Machine:
    """How much longer work takes on this machine than its own processor time, since others want the processor too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured = -_HOLDS
        self._spun: deque[float] = deque(maxlen=_TOGETHER)

    @property
    def stretch(self) -> float:
        """1 on a quiet machine; measured anew after a second."""
        with self._lock:
            if time.monotonic() - self._measured > _HOLDS:
                wanted = 1 if self._spun else _TOGETHER
                self._spun.extend(_spin() for _ in range(wanted))
                self._measured = time.monotonic()
            return max(1.0, sum(self._spun) / (len(self._spun) * _SPUN))


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
        self._least = LEAST

    def answered(self, seconds: float) -> None:
        """Take in how long one answer took."""
        with self._lock:
            self._answers += 1
            self._seconds += seconds

    @contextmanager
    def besides(self) -> Iterator[None]:
        """Let what the block does take no time from what is still to be asked."""
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._granted += time.monotonic() - began

    @property
    def allowed(self) -> float:
        """The seconds that probes may take, by what was measured so far; what was allowed once stays allowed."""
        mean = self._seconds / self._answers if self._answers else 0.0
        self._least = max(self._least, LEAST * self.machine.stretch)
        return min(self.most, max(self._least, IN_TURN * mean) + self._granted)

    @property
    def left(self) -> float:
        """The seconds that are left at most, of those that were allowed at first."""
        began = time.monotonic() if self._began is None else self._began
        return self.most - (time.monotonic() - began)

    @property
    def over(self) -> bool:
        """Whether nothing more may be begun."""
        if self._began is None:
            self._began = time.monotonic()
        return time.monotonic() - self._began > self.allowed


def _spin() -> float:
    """Return how many seconds it took to have so much of a processor's time."""
    wall, own = time.monotonic(), time.thread_time()
    while time.thread_time() - own < _SPUN:
        pass
    return time.monotonic() - wall
