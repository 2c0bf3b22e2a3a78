"""One mutant in a process of its own: applied, checked, and each kill confirmed."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.scratch_stack import MUTATED
from registry_conformance.judge.clients.json_lines import whole_lines
from registry_conformance.judge.diagnosis.diagnosis import Named as Cause
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.faults.change import unchanged
from registry_conformance.lab.stack.handle import StackError
from registry_conformance.proof.faults.confirm import sizes
from registry_conformance.proof.faults.outcome import JUDGED, RED, CaseResult
from registry_conformance.proof.faults.worker import ProofWorker
from registry_conformance.proof.mutants.families import tokens
from registry_conformance.proof.mutants.mutant import Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome, Named
from registry_conformance.proof.mutants.topics import areas, speaks
from registry_conformance.run.session.recording import as_new

_LAYER = {"keys": "auth"}


@dataclass
class MutantWorker(ProofWorker):
    """The work on one stack."""

    def judge_mutant(self, mutant: Mutant, plan: Sequence[pytest.Item], *, diagnose: bool) -> MutantOutcome:
        """Apply a mutant and run cases until one fails that passes on the reference."""
        began = time.monotonic()
        outcome = MutantOutcome(mutant.id, Fate.SURVIVED)
        try:
            if (target := self._arm(mutant, outcome)) is not None:
                self._look_for_it(mutant, target, plan, outcome, diagnose=diagnose)
        except StackError as problem:
            outcome.fate, outcome.why = Fate.UNDECIDED, _first_line(problem)
        outcome.seconds = time.monotonic() - began
        return outcome

    def record(self, item: pytest.Item) -> tuple[float, frozenset[str]]:
        """Run one case on the reference; return its seconds and the tokens of the link traffic meanwhile.

        Returns nothing for a case that fails or is skipped.
        """
        target = self._patient(self.stack.apply(self.healthy))
        self._judge(target)
        before, began = sizes(target), time.monotonic()
        (seen,) = self._run([item])
        seconds = time.monotonic() - began
        if seen.verdict not in JUDGED - RED:
            return 0.0, frozenset()
        found = frozenset(
            token
            for link, file in target.records.items()
            for line in _lines(file, before.get(f"to {link}", 0))
            for token in tokens(link, line)
        )
        return seconds, found

    def _arm(self, mutant: Mutant, outcome: MutantOutcome) -> Target | None:
        """Return the mutated deployment, nothing if it does not start or is rejected: such a mutant is invalid."""
        self.stack.target()  # a stack that never was is no mutant's doing
        began = time.monotonic()
        try:
            target = self._patient(self.stack.apply(mutant.change(self.healthy)))
        except StackError as problem:
            outcome.fate, outcome.why = Fate.INVALID, _first_line(problem)
            return None
        outcome.armed_in = time.monotonic() - began
        return target

    def _look_for_it(
        self, mutant: Mutant, target: Target, plan: Sequence[pytest.Item], outcome: MutantOutcome, *, diagnose: bool
    ) -> None:
        self.session.config.stash[MUTATED] = mutant.change
        before = sizes(target)
        self._judge(target)
        red: list[tuple[pytest.Item, CaseResult]] = []
        for item in plan:
            (seen,) = self._run([item])
            outcome.tried += 1
            if seen.verdict in RED and speaks(mutant, seen.requirements, self._context.register):
                red.append((item, seen))
                if diagnose:
                    self._diagnose(mutant, seen, outcome)
                break
        outcome.reached = mutant.kind != "traffic" or _acted(target, before)
        self._tear_down()
        if red:
            self._confirm(mutant, *red[0], outcome)

    def _confirm(self, mutant: Mutant, item: pytest.Item, seen: CaseResult, outcome: MutantOutcome) -> None:
        """Count a kill only if the same case passes on the reference, and fails on the mutant again.

        A busy machine can make a case fail once, but not twice with a pass in between.
        """
        for number, (change, wanted, words) in enumerate(
            ((unchanged, False, "fails on the reference as well"), (mutant.change, True, "fails only now and then"))
        ):
            self.session.config.stash[MUTATED] = change
            self._context.suffix += f"-{number}"  # what was made under a name before is not met again
            self._judge(self._patient(self.stack.apply(change(self.healthy))))
            as_new(item)
            (again,) = self._run([item])
            self._tear_down()
            if (again.verdict in RED) != wanted:
                message = again.message or seen.message
                outcome.fate, outcome.why = Fate.UNDECIDED, f"{item.nodeid} {words}: {message[:200]}"
                return
        outcome.fate, outcome.killed_by = Fate.KILLED, seen.nodeid
        outcome.requirements, outcome.message = seen.requirements, seen.message[:300]

    def _diagnose(self, mutant: Mutant, seen: CaseResult, outcome: MutantOutcome) -> None:
        facts = look(self._context.target, self._run_id)
        kept_by = {name: requirement.layer for name, requirement in self._context.register.items()}
        found = conclude(facts, seen.requirements, judged=seen.requirements, kept_by=kept_by).named
        outcome.cause = found[0].id if found else ""
        outcome.named = _worth(mutant, found)


def _worth(mutant: Mutant, found: Sequence[Cause]) -> Named:
    """Return the score of a diagnosis by its first cause: by layer, and by the areas that it breaks."""
    if not found:
        return Named.NOTHING
    first = found[0]
    if not first.known:
        return Named.UNKNOWN
    if _LAYER.get(first.layer, first.layer) != _LAYER.get(mutant.layer, mutant.layer):
        return Named.WRONG
    about = areas(mutant) & {name.partition("-")[0] for name in first.requirements}
    return Named.PART if about else Named.LAYER


def _first_line(problem: StackError) -> str:
    return str(problem).partition("\n")[0][:200]


def _acted(target: Target, before: dict[str, int]) -> bool:
    """Return whether a rule on a link has acted since then."""
    return any(
        "rules" in line for link, file in target.records.items() for line in _lines(file, before.get(f"to {link}", 0))
    )


def _lines(file: Path, offset: int) -> list[dict[str, object]]:
    return [json.loads(line) for line in whole_lines(file, offset)] if file.exists() else []
