"""Which causes fit a table of facts, and how well: the rules' arithmetic, without any probe."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from registry_conformance.judge.diagnosis.cause import Cause, Clue
from registry_conformance.judge.diagnosis.facts import Fact, Facts

_LEAST = 2.0
"""Support without which no cause is named."""
_SHARE = 0.5
"""Of all that could have been seen of a cause, the share that must have been."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one cause fits: ``score`` ranks, ``share`` of its clues that held, the odd facts that it explains."""

    cause: Cause
    score: float
    share: float
    held: tuple[Clue, ...]
    explained: frozenset[str]
    core: frozenset[str]


def fits(causes: Iterable[Cause], facts: Facts, red: Collection[str]) -> list[Fit]:
    """Return the causes that fit, the best first."""
    anomalies = facts.anomalies
    found = [fit for cause in causes if (fit := _fit(cause, facts, anomalies, red)) is not None]
    return sorted(found, key=lambda fit: (-fit.score, fit.cause.id))


def _fit(cause: Cause, facts: Facts, anomalies: Sequence[Fact], red: Collection[str]) -> Fit | None:
    held, doubt, unseen = [], 0.0, 0.0
    for each in cause.clues:
        value = _value(each.fact, facts, red)
        holds = bool(value) and re.match(each.value, value) is not None
        if each.against or (each.must and value and not holds):
            if holds == each.against:
                return None
        elif holds:
            held.append(each)
        elif value:
            doubt += each.weight / 2
        elif each.must:
            unseen += each.weight
    support = sum(each.weight for each in held)
    names = {each.fact for each in held}
    core = frozenset(fact.name for fact in anomalies if fact.name in names)
    share = support / (support + doubt + unseen) if support else 0.0
    proved = _proved(cause, red)
    if support < _LEAST or share < _SHARE or not any(each.must for each in held) or not (core or proved):
        return None
    explained = frozenset(
        fact.name for fact in anomalies if fact.name in names or fact.name.startswith(cause.follows or ("\0",))
    )
    coverage = len(explained) / len(anomalies) if anomalies else 1.0
    return Fit(cause, support - doubt - unseen / 2 + 2 * coverage + 1.5 * proved, share, tuple(held), explained, core)


def settled(causes: Collection[Cause], facts: Facts, red: Collection[str]) -> bool:
    """Return whether nothing that is not seen yet can change which cause comes first.

    That cause explains all that is odd and every requirement that failed, and would still be ahead of each other cause
    of one of these failures if all that is unseen spoke for that one.
    """
    best = next(iter(fits(causes, facts, red)), None)
    if best is None or not red or len(best.explained) < len(facts.anomalies):
        return False
    rivals = (cause for cause in causes if cause is not best.cause and _proved(cause, red))
    known = set(best.cause.requirements)
    return known.issuperset(red) and all(_hope(cause, facts, red) < best.score for cause in rivals)


def _hope(cause: Cause, facts: Facts, red: Collection[str]) -> float:
    """Return the score that a cause would have if all that is unseen spoke for it, 0 where it is ruled out."""
    support = 0.0
    for each in cause.clues:
        value = _value(each.fact, facts, red)
        holds = bool(value) and re.match(each.value, value) is not None
        if (each.against and holds) or (each.must and value and not holds):
            return 0.0
        if not each.against:
            support += each.weight if holds or not value else -each.weight / 2
    return support + 2 + 1.5 * _proved(cause, red)


def _value(name: str, facts: Facts, red: Collection[str]) -> str:
    kind, _, rest = name.partition(".")
    if kind == "red":
        return "failed" if rest in red else ""
    return facts.value(name)


def _proved(cause: Cause, red: Collection[str]) -> float:
    """Return the share of the requirements that a cause breaks, and that were broken."""
    return len(set(cause.requirements) & set(red)) / max(1, len(cause.requirements))


def cover(ranked: Sequence[Fit]) -> list[Fit]:
    """Return the causes that are needed together: the best, then each whose own oddities none before explains."""
    chosen: list[Fit] = []
    known: set[str] = set()
    for fit in ranked:
        if not chosen or (fit.core and not fit.core & known and fit.share >= 0.8):
            chosen.append(fit)
            known |= fit.explained
    return chosen
