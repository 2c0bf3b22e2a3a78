"""The form of a rule, and what all rules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from registry_conformance.judge.account.finding import Finding, Undecided
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict

Rule = Callable[[State, Declared], Finding]
"""Decides a requirement on an account; what it cannot decide it leaves by raising ``Undecided``."""


def needs_declared(what: str | int | tuple[str, ...] | Mapping[str, int] | None, field: str) -> None:
    """Leave a rule as inapplicable if nothing is declared that it could ask for."""
    if not what:
        raise Undecided(Verdict.INAPPLICABLE, f"nothing is declared under infrastructure.{field}")
