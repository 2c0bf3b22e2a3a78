"""Resource usage of parts and load generators during a load: CPU, memory, connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

Processes = Callable[[], Mapping[str, Sequence[int]]]
"""Returns part -> the ids of its processes, as they are now."""
_BETWEEN = 0.5
_CONNECTIONS_EVERY = 4
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a part: time (monotonic nanoseconds), CPU cores, MiB of memory, open connections."""

    at: int
    cpu: float
    memory: float
    connections: int


@dataclass
class Usage:
    """Part -> its samples."""

    parts: dict[str, list[Sample]] = field(default_factory=dict)
    _known: dict[int, psutil.Process] = field(default_factory=dict)

    def look(self, part: str, pids: Sequence[int], *, count: bool) -> None:
        """Take one sample of a part's processes."""
        cpu = memory = 0.0
        connections = 0
        for pid in pids:
            try:
                process = self._known.get(pid) or psutil.Process(pid)
                self._known[pid] = process
                cpu += process.cpu_percent() / 100
                memory += process.memory_info().rss / MIB
                connections += len(process.net_connections("tcp")) if count else 0
            except psutil.Error:
                self._known.pop(pid, None)  # it ended: the others go on
        last = self.parts.get(part, [])
        known = connections if count or not last else last[-1].connections
        self.parts.setdefault(part, []).append(Sample(time.monotonic_ns(), round(cpu, 3), round(memory, 1), known))


@contextmanager
def watched(processes: Processes) -> Iterator[Usage]:
    """Sample the parts twice a second during the block."""
    usage, over = Usage(), threading.Event()

    def watch() -> None:
        turn = 0
        while not over.wait(_BETWEEN):
            for part, pids in processes().items():
                usage.look(part, pids, count=turn % _CONNECTIONS_EVERY == 0)
            turn += 1

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield usage
    finally:
        over.set()
        watching.join()
