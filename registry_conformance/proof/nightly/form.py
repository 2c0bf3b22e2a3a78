"""The types of the fields of a night's record."""

from __future__ import annotations

from pydantic import Field

from registry_conformance.judge.report.forms import Amount, Count, Form, Moment


class _ResultForm(Form):
    name: str
    kind: str
    exit_code: Count
    seconds: Amount
    sentence: str
    run: str
    series: str
    red: list[str]
    causes: list[str]
    checks: dict[str, Count] = Field(default={})
    changed: dict[str, Count] = Field(default={})
    partly: bool = False


class NightForm(Form):
    """A night, as ``night.json`` has it; ``finished`` is empty where it is under way."""

    started: Moment
    finished: str
    told: str
    changed: list[str]
    targets: list[_ResultForm]
