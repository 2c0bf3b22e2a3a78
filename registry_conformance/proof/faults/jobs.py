"""The jobs of a proof: rounds on the reference, and one for each fault; and their results so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack.handle import Stack
from registry_conformance.proof.faults.outcome import FaultOutcome
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.faults.worker import ProofWorker
from registry_conformance.proof.forked_session import HEALTHY, Job


@dataclass
class ProofJobs:
    """The jobs of a proof and their results; ``tell`` is called after each result."""

    faults: Sequence[str]
    rounds: int
    tell: Callable[[ProofJobs], None]
    thorough: bool = False
    healthy: Deployment = HEALTHY
    outcomes: list[FaultOutcome] = field(default_factory=list)
    checks: Sequence[Check] = ()

    @property
    def killed(self) -> set[str]:
        """The checks that have failed under some fault so far."""
        return {seen.check for outcome in self.outcomes if outcome.name for seen in outcome.red}

    def of(self, checks: Sequence[Check]) -> Iterator[Job]:
        """Yield the jobs: the reference first, because a suite that fails a healthy deployment proves nothing."""
        self.checks = checks
        for number in range(self.rounds):
            yield Job("", f"-{number}", partial(self._look_at_reference, number=number))
        for number, name in enumerate(self.faults):
            yield Job(name, f"-{name}", partial(self._look_for, name=name, number=number))

    def take(self, name: str, result: FaultOutcome | Exception) -> None:
        """Store the result of a job; a process that returned none is a problem of its own."""
        if isinstance(result, Exception):
            result = FaultOutcome(name, CATALOGUE[name].requirements if name else (), problem=str(result))
        self.outcomes.append(result)
        self.tell(self)

    def _look_at_reference(self, *given: Any, number: int) -> FaultOutcome:
        return self._worker(*given).look_at_reference(number)

    def _look_for(self, *given: Any, name: str, number: int) -> FaultOutcome:
        return self._worker(*given).look_for(CATALOGUE[name], number, thorough=self.thorough)

    def _worker(self, stack: Stack, checks: Sequence[Check], session: pytest.Session) -> ProofWorker:
        return ProofWorker(stack, self.healthy, checks, session, self.killed)
