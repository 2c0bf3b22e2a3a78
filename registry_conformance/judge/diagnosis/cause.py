"""A cause: what can be wrong with a deployment, the clues that give it away, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_conformance.judge.diagnosis.fact_names import known_name

LAYERS = ("client", "network", "proxy", "auth", "keys", "mlflow", "iam", "store")
"""Where a cause is mended."""


@dataclass(frozen=True, slots=True)
class Clue:
    """A fact (or ``red.AUT-015``, a failed requirement) whose value begins as a regex says.

    A ``must`` that is seen and does not hold rules the cause out; so does an ``against`` that holds. ``weight`` is how
    much it tells. A requirement whose failure tells as much as the fact does is ``or_red``.
    """

    fact: str
    value: str
    weight: float = 1.0
    must: bool = False
    against: bool = False
    or_red: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong.

    ``symptom`` is what its clients complain about, of ``symptoms.SYMPTOMS``; ``requirements`` are those that it breaks;
    ``follows`` begin the names of facts that go wrong in its wake and need no other cause. ``codes`` are the errors of
    S3 that fit it: any other, if it is said to act, rules it out. ``settings`` name the line that mends it in a
    product, which is told only if that product was seen.
    """

    id: str
    layer: str
    symptom: str
    sentence: str
    remedy: str
    requirements: tuple[str, ...]
    clues: tuple[Clue, ...]
    follows: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)

    def remedy_at(self, product: str) -> str:
        """Return the remedy where this product was seen, empty for none: with its own line, and with no other's."""
        setting = self.settings.get(product, "")
        return f"{self.remedy} ({setting})" if setting else self.remedy


def must(fact: str, value: str, weight: float = 2.0, or_red: str = "") -> Clue:
    """Return a clue without which the cause is ruled out, if the fact is seen; ``or_red`` is a requirement."""
    return Clue(known_name(fact), value, weight, must=True, or_red=known_name(f"red.{or_red}") if or_red else "")


def clue(fact: str, value: str, weight: float = 1.0) -> Clue:
    """Return a clue that speaks for the cause, and whose lack speaks a little against it."""
    return Clue(known_name(fact), value, weight)


def never(fact: str, value: str) -> Clue:
    """Return a clue that rules the cause out."""
    return Clue(known_name(fact), value, against=True)
