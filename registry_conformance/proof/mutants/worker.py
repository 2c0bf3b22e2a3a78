"""One mutant in a process of its own: applied, checked, and each kill confirmed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fixtures.scratch_stack import MUTATED
from registry_conformance.judge.clients.json_lines import whole_lines
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.named import Named as Cause
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.deployment import LINKS, Deployment
from registry_conformance.lab.faults.change import both, unchanged
from registry_conformance.lab.stack.handle import StackError
from registry_conformance.proof.faults.confirm import sizes
from registry_conformance.proof.faults.outcome import JUDGED, RED, CaseResult
from registry_conformance.proof.faults.worker import ProofWorker
from registry_conformance.proof.mutants.executed import WritesDown
from registry_conformance.proof.mutants.mutant import Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome, Named
from registry_conformance.proof.mutants.topics import areas, speaks
from registry_conformance.proof.mutants.touching import Touching
from registry_conformance.run.session.recording import as_new

_LAYER = {"keys": "auth"}
_OF_TIME = re.compile(r"second|time|late\b|no answer|not answer|nobody|refused|reset|ended|broke", re.IGNORECASE)
"""Words of a failure that a busy machine may cause as well."""
_CHANGING = re.compile(r"[0-9a-f]*\d[0-9a-f]*")
"""What differs between the messages of two runs that failed alike: numbers, ids."""


@dataclass
class MutantWorker(ProofWorker):
    """The work on one stack; ``green`` are the cases that passed on the reference since the run began."""

    green: Set[str] = frozenset()

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

    def record(self, items: Sequence[pytest.Item], noted: Path) -> dict[str, tuple[float, frozenset[str]]]:
        """Run cases on the reference; return the seconds of each that passes, and what it touched.

        The statements that ran are noted in a file. A case touched what its fixtures did too, whoever set them up.
        """
        watching = both(WritesDown(noted), _watched)
        self._judge(self._patient(self.stack.apply(watching(self.healthy))))
        self.session.config.stash[MUTATED] = watching
        stacks = [self.stack]
        if any("scratch" in getattr(item, "fixturenames", ()) for item in items):
            stacks.append(self.stack.secondary("scratch"))
        touching = Touching(lambda: [stack.target() for stack in stacks], noted)
        found = {}
        self.session.config.pluginmanager.register(touching)
        for item in items:
            with touching.case(item) as touched:
                (seen,) = self._run([item])
            if seen.verdict in JUDGED - RED:
                found[item.nodeid] = touched.seconds, touched.tokens
        self._tear_down()
        return found

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
        before, left = sizes(target), list(plan)
        while left:
            self.session.config.stash[MUTATED] = mutant.change
            self._judge(target)
            tried, seen = self._until_killed(mutant, left, outcome)
            outcome.tried += len(tried)
            outcome.reached = mutant.kind != "traffic" or _acted(target, before)
            if seen is not None and diagnose:
                self._diagnose(mutant, seen, outcome)
            self._tear_down()
            if seen is None:
                return
            if self._is_confirmed(mutant, tried, seen, outcome):
                return
            left = left[len(tried) :]
            if left and outcome.fate is not Fate.KILLED:
                self._context.suffix += "-more"
                target = self._patient(self.stack.apply(mutant.change(self.healthy)))

    def _arm_again(self, mutant: Mutant) -> None:
        """Have what happens once happen once more: its links take their rules anew, and nothing restarts.

        Otherwise it happens to the first case with such traffic alone, which may have asked for it on the way only.
        """
        deployment = mutant.change(self.healthy)
        self.stack.apply(replace(deployment, links=self.healthy.links))
        self.stack.apply(deployment)

    def _until_killed(
        self, mutant: Mutant, items: Sequence[pytest.Item], outcome: MutantOutcome
    ) -> tuple[list[pytest.Item], CaseResult | None]:
        """Run cases until one fails that speaks of the mutant; return those that ran, and the failure."""
        tried = []
        for item in items:
            tried.append(item)
            if mutant.once:
                self._arm_again(mutant)
            began = time.monotonic()
            (seen,) = self._run([item])
            if seen.verdict in JUDGED - RED:
                outcome.passed_in[item.nodeid] = time.monotonic() - began
            if seen.verdict in RED and speaks(mutant, seen.requirements, self._context.register):
                return tried, seen
        return tried, None

    def _is_confirmed(
        self, mutant: Mutant, tried: Sequence[pytest.Item], seen: CaseResult, outcome: MutantOutcome
    ) -> bool:
        """Return whether a failure is a kill: the same case passes on the reference, and fails on the mutant again.

        A busy machine can make a case fail once, but not twice with a pass in between. What it cannot cause needs none
        in between: the same words twice, which are not about time; then a pass earlier in the run is as good. What a
        mutant does may depend on what went before it: if the case alone does not fail again, all that were tried run
        again, in the same order.
        """
        if self._fails_alike(tried[-1], seen) and seen.nodeid in self.green:
            why = ""
        else:
            why = self._unlike(mutant, tried[-1:], seen, 0, outcome)
        if why and len(tried) > 1:
            why = self._unlike(mutant, tried, seen, 1, outcome)
        if why:
            outcome.fate, outcome.why = Fate.UNDECIDED, why
            return False
        outcome.fate, outcome.killed_by, outcome.why = Fate.KILLED, seen.nodeid, ""
        outcome.requirements, outcome.message = seen.requirements, seen.message[:300]
        return True

    def _fails_alike(self, item: pytest.Item, seen: CaseResult) -> bool:
        """Return whether a case fails in the same words once more, and no busy machine makes it."""
        if _OF_TIME.search(seen.message):
            return False
        self._context.suffix += "-again"
        as_new(item)
        (again,) = self._run([item])
        self._tear_down()
        return again.verdict in RED and _alike(again.message, seen.message)

    def _unlike(
        self, mutant: Mutant, tried: Sequence[pytest.Item], seen: CaseResult, attempt: int, outcome: MutantOutcome
    ) -> str:
        """Return why the last of these cases does not tell the mutant from the reference, empty if it does."""
        for number, (change, wanted, words) in enumerate(
            ((unchanged, False, "fails on the reference as well"), (mutant.change, True, "fails only now and then"))
        ):
            self.session.config.stash[MUTATED] = change
            self._context.suffix += f"-{attempt}{number}"  # what was made under a name before is not met again
            self._judge(self._patient(self.stack.apply(change(self.healthy))))
            for item in tried:
                as_new(item)
            again = list(self._run(tried))[-1]
            self._tear_down()
            if (again.verdict in RED) != wanted:
                return f"{again.nodeid} {words}: {(again.message or seen.message)[:200]}"
            if not wanted:
                outcome.green = again.nodeid
        return ""

    def _diagnose(self, mutant: Mutant, seen: CaseResult, outcome: MutantOutcome) -> None:
        facts = look(self._context.target, self._run_id)
        kept_by = {name: requirement.layer for name, requirement in self._context.register.items()}
        found = conclude(facts, seen.requirements, judged=seen.requirements, kept_by=kept_by).named
        outcome.cause = found[0].id if found else ""
        outcome.named = _worth(mutant, found)


def _alike(one: str, other: str) -> bool:
    """Return whether two messages are the same but for numbers and ids."""
    return _CHANGING.sub("#", one) == _CHANGING.sub("#", other)


def _watched(deployment: Deployment) -> Deployment:
    """Put a recorder on every link, on the scratch stack too."""
    return replace(deployment, links=replace(deployment.links, watched=frozenset(LINKS)))


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
