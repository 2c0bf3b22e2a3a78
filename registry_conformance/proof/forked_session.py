"""A pytest session that collects the checks once and runs jobs in forks of its process, on several stacks."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest

from fixtures.registrations import FRESH
from registry_conformance.judge.clients import aws
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.temporary import owned_folder
from registry_conformance.lab.deployment import LINKS, REFERENCE, Links
from registry_conformance.lab.stack.handle import Stack
from registry_conformance.proof.faults.selection import Check, checks_of
from registry_conformance.run.session.context import CONTEXT

HEALTHY = replace(REFERENCE, links=Links(watched=frozenset(LINKS)))
"""The reference, with a recorder on every link: a rule is then armed by replacing a file."""
SILENCE = 240.0
"""Seconds without a check that ends, after which the process of a job is ended: busy machines make checks slow."""
_ALIVE = "alive"
"""What a job's process sends each time a check has ended."""
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Job:
    """A job for one process, with a stack, the checks and the session; names that it creates contain ``suffix``."""

    name: str
    suffix: str
    do: Callable[[Stack, Sequence[Check], pytest.Session], Any]


@dataclass
class _Slot:
    """A local stack, and the process that runs a job on it."""

    stack: Stack
    isolated: IsolatedProcess
    job: Job | None = None
    began: float = 0.0
    heard: float = 0.0
    process: ForkProcess | None = None
    pipe: Connection | None = None


@dataclass
class ForkedSession:
    """Replaces the run controller.

    ``jobs`` creates the jobs from the checks; ``take`` gets a job's name and its result or exception. ``problems`` are
    the errors of check files that cannot be imported.
    """

    stack: Stack
    slots: int
    jobs: Callable[[Sequence[Check]], Iterable[Job]]
    take: Callable[[str, Any], None]
    problems: list[str] = field(default_factory=list)

    __name__ = "conformance-conductor"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let fixtures find the stacks."""
        session.config.stash[CONTEXT].address = self.stack.address

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the error of a check file that cannot be imported."""
        if report.failed:
            self.problems.append(f"{report.nodeid} cannot be read:\n{report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every job instead of every check."""
        if self.problems:
            return True
        checks = checks_of(session.items)
        context = session.config.stash[CONTEXT]
        context.judge(self.stack.target(), self.stack.name)  # what it costs, forks need not pay again
        aws.preload()
        queue = deque(self.jobs(checks))
        slots = [self._slot(number, context.settings.run_id) for number in range(min(self.slots, len(queue)))]
        try:
            while queue or any(slot.process for slot in slots):
                for slot in slots:
                    if slot.process is None and queue:
                        self._start(slot, queue.popleft(), checks, session)
                self._wait(slots)
        finally:
            for slot in slots:
                if slot.process is not None:
                    slot.process.kill()
                    slot.process.join()
                slot.isolated.close()
        return True

    def _slot(self, number: int, run: str) -> _Slot:
        return _Slot(self.stack.secondary(f"slot-{number}"), IsolatedProcess(owned_folder(f"{run}-fresh-"), run))

    def _start(self, slot: _Slot, job: Job, checks: Sequence[Check], session: pytest.Session) -> None:
        slot.isolated.warm()
        slot.pipe, theirs = _FORK.Pipe(duplex=False)
        session.config.stash[FRESH] = slot.isolated
        slot.job, slot.began = job, time.monotonic()
        slot.heard = slot.began
        slot.process = _FORK.Process(target=_fork, args=(job, slot.stack, checks, session, theirs), daemon=True)
        slot.process.start()
        theirs.close()

    def _wait(self, slots: Sequence[_Slot]) -> None:
        """Wait until a process sends something or is silent for too long, and handle it."""
        open_pipes = {slot.pipe: slot for slot in slots if slot.pipe is not None}
        for pipe in multiprocessing.connection.wait(list(open_pipes), timeout=1.0):
            self._receive(open_pipes[pipe])  # type: ignore[index] # wait() gives back what it was given
        for slot in slots:
            if slot.process is not None and time.monotonic() - slot.heard > SILENCE:
                slot.process.kill()
                self._finish(slot, None)

    def _receive(self, slot: _Slot) -> None:
        assert slot.pipe is not None
        try:
            received = slot.pipe.recv()
        except EOFError:
            received = None
        if received == _ALIVE:
            slot.heard = time.monotonic()
        else:
            self._finish(slot, received)

    def _finish(self, slot: _Slot, result: Any) -> None:
        assert slot.process is not None
        assert slot.pipe is not None
        assert slot.job is not None
        slot.process.join()
        slot.pipe.close()
        if result is None:
            slot.isolated.close()  # who knows what it was asked last
            seconds = time.monotonic() - slot.began
            result = RuntimeError(f"its process ended with {slot.process.exitcode} after {seconds:.0f} s")
        slot.process = slot.pipe = None
        self.take(slot.job.name, result)


class _Pulse:
    """Reports to the parent that a check has ended."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def pytest_runtest_logfinish(self) -> None:
        """Note that a check has ended."""
        self._pipe.send(_ALIVE)


def _fork(job: Job, stack: Stack, checks: Sequence[Check], session: pytest.Session, pipe: Connection) -> None:
    """In a fork: run one job and send its result."""
    die_with_parent()
    for interrupt in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interrupt, signal.SIG_DFL)  # the parent reports the interrupt
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    session.config.stash[CONTEXT].suffix = job.suffix
    session.config.pluginmanager.register(_Pulse(pipe))
    try:
        result = job.do(stack, checks, session)
    except Exception as problem:  # noqa: BLE001 - told by whoever waits for it
        where = traceback.extract_tb(problem.__traceback__)[-1]
        result = RuntimeError(f"{type(problem).__name__}: {problem} ({Path(where.filename).name}:{where.lineno})")
    pipe.send(result)
    pipe.close()
