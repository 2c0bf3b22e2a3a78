"""Which causes fit a table of facts, and how well: the rules' arithmetic, without any probe."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from registry_conformance.judge.diagnosis.cause import Cause, Clue
from registry_conformance.judge.diagnosis.fact_names import Grade, grade_of
from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.store_codes import LOG, codes_of

_LEAST = 2.0
"""Support without which no cause is named."""
AS_CLIENT = "register."
"""How the names of facts begin of what a client meets: it follows from whatever else is wrong."""
_SHARE = 0.5
"""Of all clues that were seen of a cause, the share that must have held."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one cause fits: ``score`` ranks within a ``grade``, ``share`` of its clues that held.

    ``core`` are the odd facts that its clues name, ``explained`` these and those that follow from it.
    """

    cause: Cause
    grade: Grade
    score: float
    share: float
    held: tuple[Clue, ...]
    explained: frozenset[str]
    core: frozenset[str]


def fits(causes: Iterable[Cause], facts: Facts, red: Collection[str]) -> list[Fit]:
    """Return the causes that fit: what explains a step of the registration first, then the best of each grade."""
    anomalies = facts.anomalies
    found = [fit for cause in causes if (fit := _fit(cause, facts, anomalies, red)) is not None]
    return sorted(found, key=lambda fit: (fit.grade, -fit.score, fit.cause.id))


def _fit(cause: Cause, facts: Facts, anomalies: Sequence[Fact], red: Collection[str]) -> Fit | None:
    held, doubt = [], 0.0
    for each in cause.clues:
        value, holds = _met(each, facts, red)
        if (each.against and holds) or (each.must and not holds):
            return None
        if each.against:
            continue
        if holds:
            held.append(each if _seen_so(each, facts, red) else replace(each, fact=each.or_red, value="failed"))
        elif value:
            doubt += each.weight / 2
    support = sum(each.weight for each in held)
    names = {each.fact for each in held}
    core = frozenset(fact.name for fact in anomalies if fact.name in names)
    share = support / (support + doubt) if support else 0.0
    proved = proved_share(cause, red)
    if support < _LEAST or share < _SHARE or not any(each.must for each in held) or not (core or proved):
        return None
    foreign = [fact for fact in anomalies if codes_of(fact) - set(cause.codes)]
    if _contradicted(core, foreign):
        return None
    follows = (*cause.follows, AS_CLIENT)
    explained = core | {fact.name for fact in anomalies if fact.name.startswith(follows) and fact not in foreign}
    coverage = len(explained) / len(anomalies) if anomalies else 1.0
    by_checks = [name for name in names if name.startswith("red.")]
    told = [grade_of(name) for name in (*core, *by_checks)]
    score = support - doubt + 2 * coverage + 1.5 * proved
    return Fit(cause, min(told, default=Grade.FORM), score, share, tuple(held), explained, core)


def _contradicted(core: Collection[str], foreign: Collection[Fact]) -> bool:
    """Return whether the store itself names another error where a cause is said to act."""
    if any(fact.name in core for fact in foreign):
        return True
    through_store = any(
        name.startswith(("put", "get.", "list", "multipart", "delete", "seed", "size")) for name in core
    )
    return through_store and any(fact.name == LOG for fact in foreign)


def settled(causes: Collection[Cause], facts: Facts, red: Collection[str]) -> bool:
    """Return whether nothing that is not seen yet can change which cause comes first.

    That cause explains all that is odd and every requirement that failed, and would still be ahead of each other cause
    of one of these failures if all that is unseen spoke for that one.
    """
    best = next(iter(fits(causes, facts, red)), None)
    if best is None or not red or len(best.explained) < len(facts.anomalies):
        return False
    rivals = (cause for cause in causes if cause is not best.cause and proved_share(cause, red))
    known = set(best.cause.requirements)
    return known.issuperset(red) and all(_hope(cause, facts, red) < best.score for cause in rivals)


def _hope(cause: Cause, facts: Facts, red: Collection[str]) -> float:
    """Return the score that a cause would have if all that is unseen spoke for it, 0 if it is ruled out."""
    support = 0.0
    for each in cause.clues:
        value, holds = _met(each, facts, red)
        if (each.against and holds) or (each.must and value and not holds):
            return 0.0
        if not each.against:
            support += each.weight if holds or not value else -each.weight / 2
    return support + 2 + 1.5 * proved_share(cause, red)


def _met(clue: Clue, facts: Facts, red: Collection[str]) -> tuple[str, bool]:
    """Return the value of a clue's fact, empty if it is unseen, and whether the clue holds."""
    if _seen_so(clue, facts, red):
        return _value(clue.fact, facts, red), True
    told = _value(clue.or_red, facts, red)
    return told or _value(clue.fact, facts, red), bool(told)


def _seen_so(clue: Clue, facts: Facts, red: Collection[str]) -> bool:
    value = _value(clue.fact, facts, red)
    return bool(value) and re.match(clue.value, value) is not None


def _value(name: str, facts: Facts, red: Collection[str]) -> str:
    kind, _, rest = name.partition(".")
    if kind == "red":
        return "failed" if rest in red else ""
    return facts.value(name)


def proved_share(cause: Cause, red: Collection[str], judged: Collection[str] | None = None) -> float:
    """Return the share of the requirements that a cause breaks, of those that were judged, that failed."""
    broken = [name for name in cause.requirements if judged is None or name in judged]
    return len(set(broken) & set(red)) / max(1, len(broken))


def ruled_out(cause: Cause, facts: Facts, red: Collection[str], judged: Collection[str]) -> bool:
    """Return whether something that was seen cannot be under a cause."""
    for each in cause.clues:
        value, holds = _met(each, facts, red)
        if not value and each.fact.partition(".")[2] in judged and each.fact.startswith("red."):
            value = "passed"
        if (each.against and holds) or (each.must and value and not holds):
            return True
    return False
