"""The conductor of mutants: a process for each, on as many stacks as are asked for, which are changed as they run."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest

from fixtures.registrations import FRESH
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.temporary import owned_folder
from registry_conformance.lab.stack.handle import Stack
from registry_conformance.proof.faults.prover import HEALTHY
from registry_conformance.proof.faults.selection import Check, checks_of
from registry_conformance.proof.mutants.worker import MutantWorker
from registry_conformance.run.session.context import CONTEXT

LIMIT = 240.0
"""Seconds after which the process that judges one mutant is ended."""
_FORK = multiprocessing.get_context("fork")

Do = Callable[[MutantWorker], Any]


@dataclass(frozen=True, slots=True)
class Errand:
    """What one process does: its name, and the work; what comes of it is handed on, or the words of what went wrong."""

    name: str
    do: Do


@dataclass
class _Slot:
    stack: Stack
    isolated: IsolatedProcess
    errand: Errand | None = None
    began: float = 0.0
    process: ForkProcess | None = None
    pipe: Any = None


@dataclass
class Runner:
    """Stands in pytest's place: collects the checks once, and does errands in forks of this process.

    ``errands`` makes them of the checks; ``home`` takes what came of each, or an exception.
    """

    stack: Stack
    slots: int
    errands: Callable[[Sequence[Check]], Iterable[Errand]]
    home: Callable[[str, Any], None]
    problems: list[str] = field(default_factory=list)

    __name__ = "conformance-conductor"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let fixtures find the stacks."""
        session.config.stash[CONTEXT].address = self.stack.address

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what a file of checks that cannot be read said."""
        if report.failed:
            self.problems.append(f"{report.nodeid} cannot be read:\n{report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do every errand instead of running every check."""
        if self.problems:
            return True
        checks = checks_of(session.items)
        context = session.config.stash[CONTEXT]
        context.judge(self.stack.target(), self.stack.name)  # what it costs, forks need not pay again
        queue = deque(self.errands(checks))
        slots = [self._slot(number, context.settings.run_id) for number in range(min(self.slots, len(queue)))]
        try:
            while queue or any(slot.process for slot in slots):
                for slot in slots:
                    if slot.process is None and queue:
                        self._send_out(slot, queue.popleft(), checks, session)
                self._await(slots)
        finally:
            for slot in slots:
                if slot.process is not None:
                    slot.process.kill()
                    slot.process.join()
                slot.isolated.close()
        return True

    def _slot(self, number: int, run: str) -> _Slot:
        return _Slot(self.stack.secondary(f"slot-{number}"), IsolatedProcess(owned_folder(f"{run}-fresh-"), run))

    def _send_out(self, slot: _Slot, errand: Errand, checks: Sequence[Check], session: pytest.Session) -> None:
        slot.pipe, theirs = _FORK.Pipe(duplex=False)
        session.config.stash[FRESH] = slot.isolated
        slot.errand, slot.began = errand, time.monotonic()
        slot.process = _FORK.Process(target=_fork, args=(slot.stack, errand, checks, session, theirs), daemon=True)
        slot.process.start()
        theirs.close()

    def _await(self, slots: Sequence[_Slot]) -> None:
        """Wait until a process comes home or is overdue, and take what it brings."""
        out: dict[Any, _Slot] = {slot.pipe: slot for slot in slots if slot.pipe is not None}
        for pipe in multiprocessing.connection.wait(list(out), timeout=1.0):
            try:
                self._home(out[pipe], out[pipe].pipe.recv())
            except EOFError:
                self._home(out[pipe], None)
        for slot in slots:
            if slot.process is not None and time.monotonic() - slot.began > LIMIT:
                slot.process.kill()
                self._home(slot, None)

    def _home(self, slot: _Slot, brought: Any) -> None:
        assert slot.process and slot.pipe and slot.errand
        slot.process.join()
        slot.pipe.close()
        if brought is None:
            seconds = time.monotonic() - slot.began
            brought = RuntimeError(f"its process ended with {slot.process.exitcode} after {seconds:.0f} s")
        slot.process = slot.pipe = None
        self.home(slot.errand.name, brought)


def _fork(stack: Stack, errand: Errand, checks: Sequence[Check], session: pytest.Session, pipe: Connection) -> None:
    """In a fork: do one errand and send home what came of it."""
    die_with_parent()
    for interrupt in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interrupt, signal.SIG_DFL)  # whoever waits for it tells of the interrupt
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    session.config.stash[CONTEXT].errand = f"-{errand.name[-8:]}"
    try:
        brought = errand.do(MutantWorker(stack, HEALTHY, checks, session))
    except Exception as problem:  # noqa: BLE001 - told by whoever waits for it
        where = traceback.extract_tb(problem.__traceback__)[-1]
        brought = RuntimeError(f"{type(problem).__name__}: {problem} ({Path(where.filename).name}:{where.lineno})")
    pipe.send(brought)
    pipe.close()
