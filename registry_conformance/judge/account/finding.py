"""The result of a requirement on an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable, Unsupported
from registry_conformance.judge.verdict import Verdict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with what was expected, and what was found instead or why nothing was."""

    verdict: Verdict
    expected: str
    actual: str = ""


class Undecided(Exception):  # noqa: N818 - no error: a requirement that ends here has its finding
    """A requirement cannot be decided; ``verdict`` and ``actual`` are for its finding."""

    def __init__(self, verdict: Verdict, actual: str) -> None:
        super().__init__(actual)
        self.verdict, self.actual = verdict, actual


def value(fact: Fact[T], what: str, absent: T | None = None) -> T:
    """Return a fact's value; ``absent`` stands for what is not there.

    Raises ``Undecided``: failed for what is not there, inconclusive for what may not be read or is not known before
    the plan is applied, inapplicable for what the store does not have.
    """
    match fact:
        case Known(found):
            return found
        case Absent():
            if absent is None:
                raise Undecided(Verdict.FAILED, f"{what}: there is none")
            return absent
        case Unreadable(why):
            raise Undecided(Verdict.INCONCLUSIVE, f"{what} may not be read: {why}")
        case Pending(place):
            raise Undecided(Verdict.INCONCLUSIVE, f"{what} is known only after the plan is applied: {place}")
        case Unsupported(why):
            raise Undecided(Verdict.INAPPLICABLE, f"{what}: this store has no such setting ({why})")


def standing(fact: Fact[T], what: str) -> T:
    """Return a precondition of a requirement; raise ``Undecided`` if it is absent.

    Its absence is another requirement's failure.
    """
    if isinstance(fact, Absent):
        raise Undecided(Verdict.INCONCLUSIVE, f"there is no {what} to look at")
    return value(fact, f"the {what}")


def judged(holds: bool, expected: str, actual: str) -> Finding:
    """Return a finding by whether a requirement is met."""
    return Finding(Verdict.PASSED if holds else Verdict.FAILED, expected, actual)
