"""Records on the reference what each check covers, to select checks for a mutant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.lab.stack.handle import Stack
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.forked_session import HEALTHY, Job
from registry_conformance.proof.mutants import coverage
from registry_conformance.proof.mutants.coverage import Coverage
from registry_conformance.proof.mutants.session import do_jobs
from registry_conformance.proof.mutants.worker import MutantWorker
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import Settings

RECORDED_CASES = 4
"""Cases of one check that are recorded, evenly spread."""


def record_coverage(slots: int, settings: Settings, say: Callable[[str], None]) -> Exit:
    """Run the checks on the reference and record their coverage; return the exit code."""
    recording = _CoverageRecording(coverage.read(), say)
    if problem := do_jobs(recording.jobs, recording.take, slots, settings):
        say(problem)
        return Exit.USAGE
    known = recording.known
    coverage.write(known)
    say(f"what {len(known.tokens)} cases touch is known: {coverage.FILE.relative_to(ROOT)}")
    return Exit.OK if known.tokens else Exit.NOTHING_VERIFIED


@dataclass
class _CoverageRecording:
    """The earlier coverage, updated case by case."""

    known: Coverage
    say: Callable[[str], None]
    done: int = 0
    total: int = 0

    def jobs(self, checks: Sequence[Check]) -> Iterator[Job]:
        """Return a job for each case that is recorded."""
        asked = [check for check in checks if not check.local]
        cases = [case for check in asked for case in check.cases[:: max(1, len(check.cases) // RECORDED_CASES)]]
        cases.sort(key=lambda case: case.nodeid in self.known.tokens)  # the unknown first: a run may break off
        self.total = len(cases)
        return (Job(case.nodeid, "", partial(_recorded, case=case)) for case in cases)

    def take(self, nodeid: str, result: Any) -> None:
        """Store the coverage and duration of a case."""
        self.done += 1
        if isinstance(result, tuple) and result[1]:
            self.known.seconds[nodeid], self.known.tokens[nodeid] = result
        if self.done % 50 == 0 or self.done == self.total:
            coverage.write(self.known)
            self.say(f"{self.done:5} of {self.total} cases recorded")


def _recorded(
    stack: Stack, checks: Sequence[Check], session: pytest.Session, case: pytest.Item
) -> tuple[float, frozenset[str]]:
    return MutantWorker(stack, HEALTHY, checks, session).record(case)
