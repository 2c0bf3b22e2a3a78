"""The conductor of a proof: sends a process out for each fault, on as many stacks as there are cores."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from fixtures.registrations import FRESH
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.temporary import owned_folder
from registry_conformance.lab.deployment import LINKS, REFERENCE, Deployment, Links
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack.handle import Stack
from registry_conformance.proof.faults.outcome import FaultOutcome
from registry_conformance.proof.faults.selection import Check, checks_of
from registry_conformance.proof.faults.worker import ProofWorker
from registry_conformance.run.session.context import CONTEXT

HEALTHY = replace(REFERENCE, links=Links(watched=frozenset(LINKS)))
"""The reference, with a recorder on every link: a rule is then armed by replacing a file."""
LIMIT = 150.0
"""Seconds after which the process that looks for a fault is ended; one that runs every check has four times as long."""
_FORK = multiprocessing.get_context("fork")


@dataclass
class Work:
    """What is still to be done, and what came of the rest: names of faults, ``""`` for a round on the reference."""

    faults: Sequence[str]
    rounds: int
    thorough: bool = False
    healthy: Deployment = HEALTHY
    outcomes: list[FaultOutcome] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def killed(self) -> set[str]:
        """The checks that failed under some fault so far."""
        return {seen.check for outcome in self.outcomes if outcome.name for seen in outcome.red}

    def queue(self) -> deque[tuple[int, str]]:
        """Return what is to be done, numbered: the reference first, for a suite that cries wolf proves nothing."""
        return deque([*((number, "") for number in range(self.rounds)), *enumerate(self.faults)])


@dataclass
class Slot:
    """A stack of our own and the process that looks for a fault on it."""

    stack: Stack
    isolated: IsolatedProcess
    name: str = ""
    began: float = 0.0
    process: ForkProcess | None = None
    pipe: Connection | None = None


class Prover:
    """Stands in the conductor's place: the checks are collected once, and run in forks of this process."""

    __name__ = "conformance-conductor"

    def __init__(self, work: Work, stack: Stack, slots: int, say: Callable[[Work], None]) -> None:
        self._work = work
        self._stack = stack
        self._slots = slots
        self._say = say
        self.problems: list[str] = []

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let fixtures find the stacks."""
        session.config.stash[CONTEXT].address = self._stack.address

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what a file of checks that cannot be read said."""
        if report.failed:
            self.problems.append(f"{report.nodeid} cannot be read:\n{report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Look for every fault instead of running every check."""
        if self.problems:
            return True
        self._work.checks = checks_of(session.items)
        context = session.config.stash[CONTEXT]
        context.judge(self._stack.target(), self._stack.name)  # what it costs, forks need not pay again
        run = context.settings.run_id
        slots = [self._slot(number, run) for number in range(self._slots)]
        queue = self._work.queue()
        try:
            while queue or any(slot.process for slot in slots):
                for slot in slots:
                    if slot.process is None and queue:
                        self._send_out(slot, *queue.popleft(), session)
                self._await(slots)
        finally:
            for slot in slots:
                if slot.process is not None:
                    slot.process.kill()
                    slot.process.join()
                slot.isolated.close()
        return True

    def _slot(self, number: int, run: str) -> Slot:
        stack = self._stack.secondary(f"slot-{number}")
        home = owned_folder(f"{run}-fresh-")
        return Slot(stack, IsolatedProcess(home, run))

    def _send_out(self, slot: Slot, number: int, name: str, session: pytest.Session) -> None:
        slot.pipe, theirs = _FORK.Pipe(duplex=False)
        session.config.stash[FRESH] = slot.isolated
        slot.name, slot.began = name, time.monotonic()
        slot.process = _FORK.Process(target=self._errand, args=(slot.stack, number, name, session, theirs), daemon=True)
        slot.process.start()
        theirs.close()

    def _errand(self, stack: Stack, number: int, name: str, session: pytest.Session, pipe: Connection) -> None:
        """In a fork: do one errand and send its outcome home."""
        die_with_parent()
        for interrupt in (signal.SIGINT, signal.SIGTERM):
            signal.signal(interrupt, signal.SIG_DFL)  # whoever waits for it tells of the interrupt
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        session.config.stash[CONTEXT].errand = f"-{name or number}"
        errand = ProofWorker(stack, self._work.healthy, self._work.checks, session, self._work.killed)
        try:
            if name:
                outcome = errand.look_for(CATALOGUE[name], number, thorough=self._work.thorough)
            else:
                outcome = errand.look_at_reference(number)
        except Exception as problem:  # noqa: BLE001 - told by whoever waits for it
            where = traceback.extract_tb(problem.__traceback__)[-1]
            words = f"{type(problem).__name__}: {problem} ({Path(where.filename).name}:{where.lineno})"
            outcome = FaultOutcome(name, CATALOGUE[name].requirements if name else (), problem=words)
        pipe.send(outcome)
        pipe.close()

    def _await(self, slots: Sequence[Slot]) -> None:
        """Wait until a process comes home or is overdue, and take what it brings."""
        out = {slot.pipe: slot for slot in slots if slot.pipe is not None}
        for pipe in multiprocessing.connection.wait(list(out), timeout=1.0):
            slot = out[pipe]  # type: ignore[index] # wait() gives back what it was given
            try:
                self._home(slot, slot.pipe.recv() if slot.pipe else None)
            except EOFError:
                self._home(slot, None)
        for slot in slots:
            every = self._work.thorough or not slot.name
            if slot.process is not None and time.monotonic() - slot.began > (4 * LIMIT if every else LIMIT):
                slot.process.kill()
                self._home(slot, None)

    def _home(self, slot: Slot, outcome: FaultOutcome | None) -> None:
        assert slot.process and slot.pipe
        slot.process.join()
        slot.pipe.close()
        if outcome is None:
            expected = CATALOGUE[slot.name].requirements if slot.name else ()
            seconds = time.monotonic() - slot.began
            words = f"the process that looked for it ended with {slot.process.exitcode} after {seconds:.0f} s"
            outcome = FaultOutcome(slot.name, expected, problem=words, seconds=seconds)
        slot.process = slot.pipe = None
        self._work.outcomes.append(outcome)
        self._say(self._work)
