"""The verdict of each profile, and separately whether a third party can register a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_conformance.judge.promises import PROFILES
from registry_conformance.judge.report import tally
from registry_conformance.judge.report.client import incompatibility
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.verdict import Verdict, count, merge

REGISTRATION = ("REG-001", "REG-002", "REG-007", "REG-008", "REG-015", "REG-016")
"""What proves that a third party can register a model: all steps, all uploads, where they went, and the way back."""
_WHOLE = "REG-001"
"""Without this one passed nothing is proved, whatever else is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a third party can register a model here: ``yes``, ``no``, ``partly`` or ``not known``, and why."""

    word: str
    why: str
    client: str = ""

    def __str__(self) -> str:
        by = f", with the MLflow client {self.client}" if self.client and self.word != "not known" else ""
        return f"{self.word}{by}: {self.why}"


def by_profile(run: RunRecord) -> dict[str, dict[str, Any]]:
    """Return profile -> whether it is promised and why, its verdict, and a count for each verdict."""
    told: Mapping[str, Any] = (run.target.get("promises") or {}).get("profiles") or {}
    by_id = tally.verdicts(run)
    found = {}
    for name in PROFILES:
        verdicts = [by_id[each.id] for each in run.register.values() if each.profile == name]
        known = told.get(name, {"promised": True, "how": "nothing is said of promises"})
        if verdicts:
            found[name] = {**known, "verdict": str(merge(verdicts)), "requirements": count(verdicts)}
    return found


def broken_doors(run: RunRecord) -> dict[str, str]:
    """Return the name of each door that fails its minimum requirements -> why."""
    return dict(run.target.get("broken_doors") or {})


def at_broken_door(run: RunRecord, record: CheckRecord) -> bool:
    """Return whether a check failed because its door is broken; one line reports all of these."""
    return record.door in broken_doors(run) and record.verdict in tally.RED


def registration(run: RunRecord) -> Answer:
    """Return whether a third party can register a model here, by the checks of registrations alone."""
    answers = registration_by_door(run)
    if not answers:
        return Answer("not known", _unproved(run), run.client)
    words = {answer.word for answer in answers.values()}
    if len(words) == 1:
        word, shown = words.pop(), next(iter(answers.values()))
        return Answer(word, shown.why, run.client)
    told = [f"{answer.word} at the {door} door ({answer.why})" for door, answer in answers.items()]
    word = "no" if "no" in words else "not known"
    if "yes" in words:
        word = "partly"
    return Answer(word, "; ".join(told), run.client)


def registration_by_door(run: RunRecord) -> dict[str, Answer]:
    """Return door -> whether a third party can register a model there; empty if none was tried."""
    doors: dict[str, list[CheckRecord]] = {}
    for record in run.records:
        if set(record.requirements) & set(REGISTRATION) and record.verdict is not Verdict.INAPPLICABLE:
            doors.setdefault(record.door or _first_door(run), []).append(record)
    found = incompatibility(run)
    known = f"{found.sentence}; {found.remedy}" if found else ""
    answers = {door: _at_one_door(records, known) for door, records in doors.items()}
    return answers | {door: Answer("no", "this door is broken") for door in broken_doors(run)}


def _at_one_door(records: list[CheckRecord], known: str) -> Answer:
    """Return the answer of one door; ``known`` is the known reason why this client cannot register on this server."""
    red = sorted((each for each in records if each.verdict in tally.RED), key=_by_step)
    if failed := [each for each in red if each.verdict is Verdict.FAILED]:
        return Answer("no", known or tally.reason(failed[0]))
    if red:
        return Answer("not known", tally.reason(red[0]))
    passed = {name for each in records if each.verdict is Verdict.PASSED for name in each.requirements}
    if _WHOLE not in passed:
        return Answer("not known", "no registration came to its end")
    proved = [name for name in REGISTRATION if name in passed]
    return Answer("yes", f"proved by {', '.join(proved)}")


def _by_step(record: CheckRecord) -> int:
    return min(REGISTRATION.index(name) for name in record.requirements if name in REGISTRATION)


def _unproved(run: RunRecord) -> str:
    skipped = [each for each in run.records if set(each.requirements) & set(REGISTRATION)]
    return tally.reason(skipped[0]) if skipped else "no registration was tried"


def _first_door(run: RunRecord) -> str:
    """Return the door that counts if a check names none: the first that works."""
    doors = list(run.target.get("doors") or {})
    return next((name for name in doors if name not in broken_doors(run)), next(iter(doors), "first"))
