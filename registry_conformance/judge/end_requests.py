"""Requests to end a process: Ctrl-C, a closing terminal, a job's time limit."""

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
    """This process was asked to end; pytest treats it as an interrupt."""


class EndRequests:
    """Handles requests to end from ``install`` to ``remove``.

    A request is always noted. It interrupts only blocks of ``giving_way``, so that a report is written completely and a
    ledger stays consistent. A signal that was ignored at the start, as under ``nohup``, stays ignored.
    """

    def __init__(self) -> None:
        self._taken: list[signal.Signals] = []
        self._before: dict[signal.Signals, object] = {}
        self._gives_way_at = 0

    def install(self) -> None:
        """Handle requests from now on, and obey the first; only in the main thread."""
        for number in _ASKING:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN:
                continue
            try:
                signal.signal(number, self._take)
            except ValueError:  # not the main thread: the main thread handles signals
                return
            self._before[number] = before
        self._gives_way_at = 1

    def remove(self) -> None:
        """Restore the former handling; a process that was asked to end ignores further requests."""
        for number, before in self._before.items():
            leaves = self._taken and before in _DEFAULTS
            signal.signal(number, signal.SIG_IGN if leaves else before)  # type: ignore[arg-type] # as getsignal gave it
        self._before.clear()

    @property
    def reason(self) -> str:
        """The first request in words; empty if there was none."""
        return _ASKING[self._taken[0]] if self._taken else ""

    def only_note(self) -> None:
        """Obey no request any more, only note it."""
        self._gives_way_at = 0

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note requests in the block without obeying them."""
        with self._at(0):
            yield

    @contextmanager
    def giving_way(self, *, to_request: int) -> Iterator[None]:
        """Obey a request, counted from the first of all: the block ends with ``Stopped``.

        If that many have come before, it ends at once.
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
    """In a worker: ignore signals that a terminal sends to all processes; the controller stops its workers."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
