"""Records on the reference what each case touches, to select cases for a mutant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.lab.stack.handle import Stack
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.forked_session import HEALTHY, Job
from registry_conformance.proof.mutants import coverage
from registry_conformance.proof.mutants.coverage import Coverage
from registry_conformance.proof.mutants.session import do_jobs
from registry_conformance.proof.mutants.worker import MutantWorker
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import Settings

TOGETHER = 25
"""Cases of one file that run one after another in one process, and share what they set up."""


def record_coverage(slots: int, settings: Settings, say: Callable[[str], None], *, new: bool) -> Exit:
    """Run the checks on the reference and record their coverage, of ``new`` cases alone; return the exit code."""
    with temporary_folder(f"{settings.run_id}-noted-") as folder:
        recording = _CoverageRecording(coverage.read(), say, folder, new=new)
        if problem := do_jobs(recording.jobs, recording.take, slots, settings):
            say(problem)
            return Exit.USAGE
    known = recording.known
    say(f"what {len(known.tokens)} cases touch is known: {coverage.FILE.relative_to(ROOT)}")
    return Exit.OK if known.tokens else Exit.NOTHING_VERIFIED


@dataclass
class _CoverageRecording:
    """The earlier coverage, updated group by group."""

    known: Coverage
    say: Callable[[str], None]
    folder: Path
    new: bool = False
    done: int = 0
    total: int = 0

    def jobs(self, checks: Sequence[Check]) -> Iterator[Job]:
        """Return a job for each group of cases that runs together; what is no case any more is forgotten."""
        cases = [case for check in checks for case in check.cases]
        self.known.keep({case.nodeid for case in cases}, {check.name for check in checks})
        if not self.new:
            self.known.usual.clear()
        else:
            cases = [case for case in cases if case.nodeid not in self.known.tokens]
        groups = [group for _, same in groupby(cases, key=_file) for group in _groups(list(same))]
        # The unknown first: a run may break off.
        groups.sort(key=lambda group: all(case.nodeid in self.known.tokens for case in group))
        self.total = len(groups)
        do = partial(_recorded, folder=self.folder)
        return (Job(group[0].nodeid, f"-{number}", partial(do, cases=group)) for number, group in enumerate(groups))

    def take(self, nodeid: str, result: Any) -> None:
        """Store the coverage and duration of the cases of a group."""
        self.done += 1
        if isinstance(result, dict):
            for name, (seconds, tokens) in result.items():
                self.known.seconds.setdefault(name, seconds)  # what was learned without recorders is nearer
                self.known.tokens[name] = tokens
            coverage.write(self.known)
        what = f"{len(result)} cases" if isinstance(result, dict) else str(result).partition("\n")[0]
        self.say(f"{self.done:5} of {self.total}  {nodeid.rpartition('::')[2][:50]:50} {what}")


def _file(case: pytest.Item) -> Path:
    return case.path


def _groups(cases: Sequence[pytest.Item]) -> Iterator[Sequence[pytest.Item]]:
    for start in range(0, len(cases), TOGETHER):
        yield cases[start : start + TOGETHER]


def _recorded(
    stack: Stack, checks: Sequence[Check], session: pytest.Session, cases: Sequence[pytest.Item], folder: Path
) -> dict[str, tuple[float, frozenset[str]]]:
    return MutantWorker(stack, HEALTHY, checks, session).record(cases, folder / f"{stack.name}.noted")
