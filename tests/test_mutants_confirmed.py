"""When a failure under a mutant counts as a kill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.disturbance import Break, When
from registry_conformance.lab.faults.change import on, unchanged
from registry_conformance.proof.faults.outcome import CaseResult
from registry_conformance.proof.mutants import worker
from registry_conformance.proof.mutants.mutant import Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome
from registry_conformance.proof.mutants.worker import MutantWorker

MUTANT = Mutant("auth", "setting", "auth.service_id", "'platform' -> 'other'", unchanged)
CASE = SimpleNamespace(nodeid="a[one]")
RED = "expected: 200, actual: 403 of request 7f3a"
LATE = "no answer after 6 seconds"


@dataclass
class Rehearsed(MutantWorker):
    """A worker whose cases end as they are told to: red with a message, green without one."""

    ends: list[str] = field(default_factory=list)
    applied: list[Any] = field(default_factory=list)

    def _run(self, items: Sequence[pytest.Item]) -> Iterator[CaseResult]:
        for item in items:
            message = self.ends.pop(0)
            yield CaseResult(item.nodeid, ("AUT-001",), Verdict.FAILED if message else Verdict.PASSED, message)

    def _judge(self, target: Any) -> None:
        self.applied.append(target)

    def _patient(self, target: Any) -> Any:
        return target

    def _tear_down(self) -> None: ...


def confirmed(monkeypatch: pytest.MonkeyPatch, message: str, *ends: str, green: bool) -> tuple[Rehearsed, Fate]:
    """Return the worker and the fate, after a failure with this message and what came of further runs."""
    monkeypatch.setattr(worker, "as_new", lambda _: None)
    session = SimpleNamespace(config=SimpleNamespace(stash={}))
    stack = SimpleNamespace(apply=lambda deployment: deployment)
    known = frozenset({CASE.nodeid}) if green else frozenset[str]()
    one = Rehearsed(stack, unchanged, (), session, green=known, ends=list(ends))  # type: ignore[arg-type] # as it looks
    monkeypatch.setattr(Rehearsed, "_context", SimpleNamespace(suffix=""))
    outcome = MutantOutcome(MUTANT.id, Fate.SURVIVED)
    seen = CaseResult(CASE.nodeid, ("AUT-001",), Verdict.FAILED, message)
    one._is_confirmed(MUTANT, [CASE], seen, outcome)  # type: ignore[list-item] # as far as it looks
    return one, outcome.fate


def test_the_same_words_twice_need_no_reference_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that passed on the reference in this run, and fails twice in the same words, kills at once."""
    one, fate = confirmed(monkeypatch, RED, RED.replace("7f3a", "01b2"), green=True)

    assert (fate, one.applied, one.ends) == (Fate.KILLED, [], [])


@pytest.mark.parametrize(
    ("message", "first", "green"), [(RED, [RED], False), (RED, ["another"], True), (RED, [""], True), (LATE, [], True)]
)
def test_what_a_busy_machine_can_make_is_compared_with_the_reference(
    monkeypatch: pytest.MonkeyPatch, message: str, first: list[str], *, green: bool
) -> None:
    """A failure about time, in other words or of a case that is not known to pass, needs a pass between two reds."""
    one, fate = confirmed(monkeypatch, message, *first, "", message, green=green)
    _, undecided = confirmed(monkeypatch, message, *first, message, green=green)

    assert (fate, len(one.applied)) == (Fate.KILLED, 2)
    assert undecided is Fate.UNDECIDED


@pytest.mark.parametrize(("once", "times"), [(True, 2), (False, 0)])
def test_what_happens_once_happens_to_each_case(monkeypatch: pytest.MonkeyPatch, *, once: bool, times: int) -> None:
    """An effect on the first exchange is armed anew for each case: the one that met it first may not have noticed."""
    applied: list[Any] = []
    stack = SimpleNamespace(apply=applied.append)
    session = SimpleNamespace(config=SimpleNamespace(stash={}))
    monkeypatch.setattr(Rehearsed, "_context", SimpleNamespace(suffix=""))
    one = Rehearsed(stack, REFERENCE, (), session, ends=["", ""])  # type: ignore[arg-type] # as far as it looks
    mutant = replace(MUTANT, change=on("server", When(times=1), Break(0)), once=once)
    outcome = MutantOutcome(mutant.id, Fate.SURVIVED)

    one._until_killed(mutant, [CASE, CASE], outcome)  # type: ignore[list-item] # as far as it looks
    assert applied == [REFERENCE, mutant.change(REFERENCE)] * times
