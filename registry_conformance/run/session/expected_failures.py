"""Failures that an environment file expects: excused until their date, an error once they pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from registry_conformance.judge.live.environment.file import ExpectedFailure
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.report.tally import EXPECTED
from registry_conformance.judge.verdict import Verdict, merge


def excused(
    records: Sequence[CheckRecord], expected: Iterable[ExpectedFailure], today: date, *, whole: bool
) -> list[CheckRecord]:
    """Return the records after an environment's expected failures are applied.

    A failed check whose requirements are all expected to fail becomes inapplicable. If every check of such a
    requirement passes in a ``whole`` run, they fail: the entry must be removed. An entry is valid through its date.
    """
    by_id = {each.requirement: each for each in expected}
    current = {name: each for name, each in by_id.items() if each.expires >= today}
    gone = {name for name in current if whole and _verdict(records, name) == Verdict.PASSED}
    return [_judged(record, by_id, current, gone) for record in records]


def _judged(
    record: CheckRecord, by_id: dict[str, ExpectedFailure], current: dict[str, ExpectedFailure], gone: set[str]
) -> CheckRecord:
    named = [name for name in record.requirements if name in by_id]
    if record.verdict == Verdict.PASSED and (mended := [name for name in named if name in gone]):
        word = f"{mended[0]} holds although the environment's file expects it to fail: take the entry away"
        return replace(record, verdict=Verdict.FAILED, expected="the known failure", actual=word, message=word)
    if record.verdict != Verdict.FAILED or not named:
        return record
    if all(name in current for name in record.requirements):
        excuse = current[named[0]]
        word = f"{EXPECTED} {excuse.expires}: {excuse.reason}"
        return replace(record, verdict=Verdict.INAPPLICABLE, message=word)
    if over := [name for name in named if name not in current]:
        word = f"(the environment's file expected {over[0]} to fail until {by_id[over[0]].expires}, which is over)"
        return replace(record, message=f"{record.message}\n{word}", actual=f"{word} {record.actual}")
    return record


def _verdict(records: Sequence[CheckRecord], requirement: str) -> Verdict:
    return merge(record.verdict for record in records if requirement in record.requirements)
