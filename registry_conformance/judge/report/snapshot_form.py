"""The types of the fields of a run's summary in the history."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from registry_conformance.judge.report.forms import Amount, Count, Form, Moment, RunId, Texts
from registry_conformance.judge.report.verdicts_form import WORDS, Word


def _outcome(value: list[Any]) -> list[Any]:
    """Return the outcome of a check; a list is read from JSON where the form has a fixed number of places."""
    match value:
        case [str(verdict), int() | float() as seconds, [*requirements], str()]:
            known = verdict in WORDS and seconds is not True and 0 <= seconds < _LONGEST
            if known and all(isinstance(each, str) for each in requirements):
                return value
    raise ValueError("a verdict, seconds, requirements and a reason")


_LONGEST = 1e15
_Outcome = Annotated[list[Any], AfterValidator(_outcome)]


class _Counts(Form):
    untested: Count
    inapplicable: Count
    passed: Count
    inconclusive: Count
    failed: Count
    error: Count


class _AllCounts(Form):
    checks: _Counts


class SnapshotForm(Form):
    """A run without its evidence; a check is its verdict, seconds, requirements and reason."""

    run: RunId
    series: str
    whole: bool
    started: Moment
    seconds: Amount
    exit_code: Count
    verdict: Word
    sentence: str
    suite: str
    register_: str = Field(alias="register")
    versions: Texts
    counts: _AllCounts
    origin: Amount = 0.0
    doors: dict[str, Amount] = Field(default={})
    checks: dict[str, _Outcome]
    load: dict[str, Amount] = Field(default={})
