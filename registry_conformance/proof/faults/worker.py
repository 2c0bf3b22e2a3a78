"""One fault in a process of its own: injected, confirmed, checked, diagnosed."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.stack.handle import Stack, StackError
from registry_conformance.proof.faults.confirm import sizes, unconfirmed
from registry_conformance.proof.faults.outcome import JUDGED, RED, CaseResult, FaultOutcome
from registry_conformance.proof.faults.selection import (
    CASES_TRIED,
    OTHERS,
    Check,
    expected,
    others,
    unexpected,
    words_of,
)
from registry_conformance.proof.faults.stored_facts import stored
from registry_conformance.run.session.context import CONTEXT, Context

PATIENCE = 6.0
"""Seconds that a client waits for an answer while faults are looked for: a dead door is dead soon enough."""
PERSISTENCE = 45.0
"""Seconds after which no further case of an expected check is tried."""
BUDGET = 14.0
"""Seconds after which no check is started besides the expected ones."""


@dataclass
class ProofWorker:
    """The work on one stack: the healthy deployment, the checks, and those already ``killed``."""

    stack: Stack
    healthy: Deployment
    checks: Sequence[Check]
    session: pytest.Session
    killed: Set[str] = frozenset()

    @property
    def _context(self) -> Context:
        return self.session.config.stash[CONTEXT]

    def look_for(self, fault: Fault, number: int, *, thorough: bool) -> FaultOutcome:
        """Inject a fault, confirm it, run the checks for it, and diagnose."""
        outcome = FaultOutcome(fault.name, fault.requirements, right=fault.diagnosis.id if fault.diagnosis else "")
        began = time.monotonic()
        try:
            self._look_for(fault, number, outcome, thorough=thorough)
        except StackError as problem:
            outcome.problem = str(problem)
        self._tear_down()
        outcome.seconds = time.monotonic() - began
        return outcome

    def look_at_reference(self, number: int) -> FaultOutcome:
        """Run one case of each check, another one in each round, on the healthy deployment."""
        outcome = FaultOutcome("")
        began = time.monotonic()
        self._judge(self._patient(self.stack.apply(self.healthy)))
        cases = [check.cases[number % len(check.cases)] for check in self.checks if not check.local]
        outcome.seen = list(self._run(cases))
        outcome.diagnosis = self._diagnosis(outcome)
        self._tear_down()
        outcome.seconds = time.monotonic() - began
        return outcome

    def _look_for(self, fault: Fault, number: int, outcome: FaultOutcome, *, thorough: bool) -> None:
        target = self._patient(self.stack.apply(self.healthy))
        if lacking := [name for name in fault.needs if not target.capability(name).present]:
            outcome.inapplicable = f"needs {', '.join(lacking)}: {target.capability(lacking[0]).reason}"
            return
        if not unconfirmed(fault.symptoms, target, self._run_id, sizes(target), settles=0.0):
            outcome.unconfirmed = "its signs show on the healthy deployment too"
            return
        before, began = sizes(target), time.monotonic()
        armed = self.stack.apply(fault.change(self.healthy))
        outcome.armed_in = time.monotonic() - began
        target = replace(self._patient(armed), faults=(fault.name,))
        outcome.unconfirmed = unconfirmed(fault.symptoms, target, self._run_id, before)
        self._judge(target)
        began = time.monotonic()
        for check in expected(self.checks, fault):
            outcome.seen += self._until_red(check, fault)
        few = others(self.checks, fault, OTHERS, number, self.killed)
        for check in unexpected(self.checks, fault) if thorough else few:
            if thorough or time.monotonic() - began < BUDGET:
                outcome.seen += self._run(check.likeliest(words_of(fault))[:1])
        outcome.diagnosis = self._diagnosis(outcome)

    def _until_red(self, check: Check, fault: Fault) -> Iterator[CaseResult]:
        """Run cases of a check, the likeliest first, until one fails."""
        began = time.monotonic()
        for case in check.likeliest(words_of(fault))[:CASES_TRIED]:
            (seen,) = self._run([case])
            yield seen
            if seen.verdict in RED or time.monotonic() - began > PERSISTENCE:
                return

    def _diagnosis(self, outcome: FaultOutcome) -> tuple[str, ...]:
        """Probe everything, store the facts, and return the causes named after the failures."""
        red = {name for seen in outcome.red for name in seen.requirements}
        judged = {name for seen in outcome.seen if seen.verdict in JUDGED for name in seen.requirements}
        facts = look(self._context.target, self._run_id)
        outcome.look = stored(outcome.name, tuple(red), tuple(judged), facts)
        kept_by = {name: requirement.layer for name, requirement in self._context.register.items()}
        return tuple(cause.id for cause in conclude(facts, red, judged=judged, kept_by=kept_by).causes)

    @property
    def _run_id(self) -> str:
        return self._context.settings.run_id

    def _patient(self, target: Target) -> Target:
        doors = tuple(replace(door, patience=PATIENCE) for door in target.doors)
        origin = replace(target.origin, patience=PATIENCE) if target.origin else None
        return replace(target, doors=doors, origin=origin)

    def _tear_down(self) -> None:
        self.session._setupstate.teardown_exact(None)

    def _judge(self, target: Target) -> None:
        """From now on checks use this target."""
        self._context.judge(target, self.stack.name)

    def _run(self, items: Sequence[pytest.Item]) -> Iterator[CaseResult]:
        """Run cases and return their results; session-scoped fixtures are kept for the next one."""
        for item in items:
            collector = _Collector()
            item.config.pluginmanager.register(collector)
            # What the two share stays set up, so it must be what any two checks share: no folder below the suites.
            another = next(other for other in self.session.items if _branch(other) != _branch(item))
            try:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=another)
            finally:
                item.config.pluginmanager.unregister(collector)
            record: CheckRecord = pickle.loads(collector.record)  # noqa: S301 - made in this process
            yield CaseResult(record.nodeid, record.requirements, record.verdict, record.message[:600])


class _Collector:
    """Takes the record of the check that runs."""

    def __init__(self) -> None:
        self.record = b""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record that comes with the last report."""
        self.record = getattr(report, "check", None) or self.record


def _branch(item: pytest.Item) -> str:
    """Return the folder below ``suites`` of a case."""
    return item.path.relative_to(SUITES).parts[0]
