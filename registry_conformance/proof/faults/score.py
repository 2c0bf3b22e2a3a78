"""The score of a proof: faults caught, faults named, and checks that nothing makes fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry_conformance.judge.requirement import Register
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.proof.faults.outcome import RED, FaultOutcome
from registry_conformance.proof.faults.replay import DIAGNOSIS_SCHEMA, JudgedLook, judge, measures
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.faults.stored_facts import StoredFacts

SCHEMA = "faults.v1"
CAUGHT, NAMED_FIRST, NAMED_IN_THREE = 0.98, 0.90, 0.98
"""The shares of faults that a whole proof must catch, and name at the first place and among the first three."""


@dataclass(frozen=True)
class Proof:
    """All outcomes of a proof, the checks there were, and the written reasons why some are killed by no fault.

    ``seconds`` is how long the whole took; ``whole`` is whether every fault of the catalogue was tried.
    """

    run: str
    suite_version: str
    register: Register
    outcomes: Sequence[FaultOutcome]
    checks: Sequence[Check]
    reasons: Mapping[str, str]
    started: str
    finished: str
    seconds: float
    whole: bool

    @property
    def faults(self) -> list[FaultOutcome]:
        """The outcomes of faults that this target can have, in the catalogue's order."""
        order = list(CATALOGUE)
        tried = [outcome for outcome in self.outcomes if outcome.name and not outcome.inapplicable]
        return sorted(tried, key=lambda outcome: order.index(outcome.name))

    @property
    def rounds(self) -> list[FaultOutcome]:
        """The results of the rounds on the reference."""
        return [outcome for outcome in self.outcomes if not outcome.name]

    @property
    def false_alarms(self) -> list[str]:
        """The node ids that failed on the reference, and the causes named for it."""
        red = [seen.nodeid for outcome in self.rounds for seen in outcome.red]
        return [*red, *(f"diagnosis: {cause}" for outcome in self.rounds for cause in outcome.diagnosis)]

    @property
    def killed(self) -> set[str]:
        """The checks that failed under some fault."""
        return {seen.check for outcome in self.faults for seen in outcome.red}

    @property
    def unkilled(self) -> list[str]:
        """The checks that fail under no fault."""
        return [check.name for check in self.checks if check.name not in self.killed]

    @property
    def unproven(self) -> list[str]:
        """The verified requirements that fail under no fault."""
        verified = {name for check in self.checks for name in check.requirements}
        failed = {name for outcome in self.faults for seen in outcome.red for name in seen.requirements}
        return [name for name in self.register if name in verified and name not in failed]

    def summary(self) -> dict[str, Any]:
        """Return the numbers."""
        faults = self.faults
        return {
            "faults": len(faults),
            "armed": _count(outcome.armed for outcome in faults),
            "caught": _count(outcome.caught for outcome in faults),
            "named_first": _count(outcome.place == 1 for outcome in faults),
            "named_in_three": _count(1 <= outcome.place <= 3 for outcome in faults),
            "reference_rounds": len(self.rounds),
            "false_alarms": self.false_alarms,
            "checks": len(self.checks),
            "checks_killed": len(self.killed),
            "checks_no_fault_kills": {name: self.reasons.get(name, "") for name in self.unkilled},
            "requirements_unproven": self.unproven,
            "inapplicable": {outcome.name: outcome.inapplicable for outcome in self.outcomes if outcome.inapplicable},
        }

    @property
    def looks(self) -> list[StoredFacts]:
        """The observations of each deployment, broken or not."""
        return [outcome.look for outcome in self.outcomes if outcome.look is not None]

    def judged_looks(self) -> list[JudgedLook]:
        """Return the diagnosis of each broken deployment, in each way."""
        kept_by = {name: requirement.layer for name, requirement in self.register.items()}
        return judge(self.looks, kept_by)

    def diagnosis(self) -> dict[str, Any]:
        """Return the score of the diagnosis as JSON."""
        return {"schema": DIAGNOSIS_SCHEMA, "run": self.run, **measures(self.judged_looks())}

    def document(self) -> dict[str, Any]:
        """Return the whole as JSON; ``reports/schema/faults.v1.json`` describes it."""
        return {
            "schema": SCHEMA,
            "run": self.run,
            "suite": {"version": self.suite_version, "register": self.register.version},
            "started": self.started,
            "finished": self.finished,
            "seconds": round(self.seconds, 1),
            "whole": self.whole,
            "summary": self.summary(),
            "faults": [_row(outcome) for outcome in self.faults],
        }

    @property
    def stands(self) -> bool:
        """Whether the suite passes: every fault confirmed, nearly all caught and named, no false alarm.

        A proof of single faults passes if it has no shortcoming at all.
        """
        if not self.whole:
            return not self.shortcomings()
        numbers, faults = self.summary(), len(self.faults)
        return (
            not self.false_alarms
            and not any(outcome.problem for outcome in self.outcomes)
            and numbers["armed"] == faults
            and numbers["caught"] >= CAUGHT * faults
            and numbers["named_first"] >= NAMED_FIRST * faults
            and numbers["named_in_three"] >= NAMED_IN_THREE * faults
        )

    def shortcomings(self) -> list[str]:
        """Return the shortcomings of a proof in words; empty if the suite passes."""
        found = [f"false alarm on the reference: {alarm}" for alarm in self.false_alarms]
        found += [f"the reference could not be judged: {outcome.problem}" for outcome in self.rounds if outcome.problem]
        for outcome in self.faults:
            if outcome.problem:
                found.append(f"{outcome.name} was not tried to the end: {outcome.problem}")
            elif not outcome.armed:
                found.append(f"{outcome.name} is not armed: {outcome.unconfirmed}")
            elif not outcome.caught:
                found.append(f"{outcome.name} is not caught by {', '.join(outcome.expected)}")
            elif outcome.missed:
                found.append(f"{outcome.name} is not seen by {', '.join(outcome.missed)}")
            if outcome.place == 0:
                named = ", ".join(outcome.diagnosis[:3]) or "nothing"
                found.append(f"{outcome.name} is diagnosed as {named}, not as {outcome.right}")
        return found


def _row(outcome: FaultOutcome) -> dict[str, Any]:
    fault = CATALOGUE[outcome.name]
    known = fault.diagnosis
    return {
        "name": outcome.name,
        "layer": fault.layer,
        "seen": fault.seen,
        "cause": known.sentence if known else "",
        "remedy": known.remedy if known else "",
        "incidents": list(fault.incidents),
        "armed": outcome.armed,
        "why_not_armed": outcome.unconfirmed,
        "problem": outcome.problem,
        "expected": list(outcome.expected),
        "caught": outcome.caught,
        "caught_by": outcome.caught_by,
        "missed": outcome.missed,
        "unexpected": outcome.unexpected,
        "ran": list(dict.fromkeys(seen.check for seen in outcome.seen)),
        "red": [{"check": seen.nodeid, "message": seen.message} for seen in outcome.seen if seen.verdict in RED],
        "diagnosis": list(outcome.diagnosis),
        "right": outcome.right,
        "place": outcome.place,
        "armed_in": round(outcome.armed_in, 3),
        "seconds": round(outcome.seconds, 3),
    }


def _count(truths: Iterable[bool]) -> int:
    return sum(truths)
