"""What asks a process to end: Ctrl-C, a terminal that closes, a job's time limit. Each is heeded if it may be."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ASKING = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the end of its terminal (SIGHUP)"}

_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)

_INSISTS = 3
"""Who asks so often is obeyed at once, even while what came first is still heeded."""


class Stopped(KeyboardInterrupt):
    """Somebody asked this process to end; pytest takes it for an interrupt."""


class EndRequests:
    """Heeds requests to end from ``install`` to ``remove``.

    A request is always noted. It interrupts what stands in ``giving_way`` alone, so that a report is written whole and
    a ledger is in order. A signal that this process was started to ignore, as under ``nohup``, stays ignored.
    """

    def __init__(self) -> None:
        self._taken: list[signal.Signals] = []
        self._before: dict[signal.Signals, object] = {}
        self._gives_way_at = 0

    def install(self) -> None:
        """Heed requests from now on, and give way to the first; only the main thread can."""
        for number in _ASKING:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN:
                continue
            try:
                signal.signal(number, self._take)
            except ValueError:  # not the main thread: whoever has that one heeds them
                return
            self._before[number] = before
        self._gives_way_at = 1

    def remove(self) -> None:
        """Heed them as before; a process that was asked to end and only has to leave ignores who asks again."""
        for number, before in self._before.items():
            leaves = self._taken and before in _DEFAULTS
            signal.signal(number, signal.SIG_IGN if leaves else before)  # type: ignore[arg-type] # as getsignal gave it
        self._before.clear()

    @property
    def reason(self) -> str:
        """What asked first, in words; empty if nothing has."""
        return _ASKING[self._taken[0]] if self._taken else ""

    def only_note(self) -> None:
        """Give way to no request any more."""
        self._gives_way_at = 0

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note requests without giving way to any."""
        with self._at(0):
            yield

    @contextmanager
    def giving_way(self, *, to_request: int) -> Iterator[None]:
        """Give way to a request, counted from the first of all: the block ends in ``Stopped``.

        Where so many have come before, it ends at once.
        """
        with self._at(to_request):
            if len(self._taken) >= to_request:
                raise Stopped(self.reason)
            yield

    @contextmanager
    def _at(self, count: int) -> Iterator[None]:
        before, self._gives_way_at = self._gives_way_at, count
        try:
            yield
        finally:
            self._gives_way_at = before

    def _take(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._taken.append(signal.Signals(number))
        if 0 < self._gives_way_at <= len(self._taken):
            self._gives_way_at = _INSISTS
            raise Stopped(self.reason)


def leave_to_controller() -> None:
    """In a worker: ignore what a terminal sends to all processes at once; the controller ends its workers."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
