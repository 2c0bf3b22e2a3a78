"""How like what was seen is to what a cause looked like when it was made on purpose.

``known_patterns.json`` holds, for each cause, what the proof saw odd under each of its faults; ``prove --replay FOLDER
--keep`` writes it. A cause is called likely only if it looks like that: clues alone also fit its look-alikes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from registry_conformance.judge.diagnosis.fact_names import Grade, asked_again, grade_of, steady
from registry_conformance.judge.diagnosis.facts import Facts

FILE = Path(__file__).parent / "known_patterns.json"
Pattern = Mapping[str, str]
"""Name of an odd fact -> its value in a word or two."""


def pattern_of(facts: Facts) -> Pattern:
    """Return what is odd in a table of facts."""
    return {fact.name: in_short(fact.value) for fact in facts.anomalies}


def in_short(value: str) -> str:
    """Return a value's status, or its first word: what stays the same from one deployment to the next."""
    if ";" in value:
        return "mixed"
    first, *rest = value.removeprefix("all ").split(" ")
    return f"{first} {rest[0]}" if first == "200" and rest else first


@functools.cache
def known_patterns() -> Mapping[str, Sequence[Pattern]]:
    """Return cause -> what was odd under each of its faults."""
    stored = json.loads(FILE.read_text())["patterns"]
    return {cause: list(map(unfolded, patterns)) for cause, patterns in stored.items()}


def folded(pattern: Pattern) -> dict[str, list[str]]:
    """Return a pattern as it is stored: value -> names."""
    values: dict[str, list[str]] = {}
    for name, value in sorted(pattern.items()):
        values.setdefault(value, []).append(name)
    return dict(sorted(values.items()))


def unfolded(stored: Mapping[str, Iterable[str]]) -> Pattern:
    """Return a pattern that was stored."""
    return {name: value for value, names in stored.items() for name in names}


def breaks_as_seen(known: Iterable[Pattern], facts: Facts, name: str) -> bool:
    """Return whether what is odd was so too, and with the same answer, when what is known was made on purpose."""
    fact = facts.get(name)
    if fact is None or fact.normal:
        return False
    return any(pattern.get(name) == in_short(fact.value) for pattern in known)


def likeness(known: Iterable[Pattern], facts: Facts, elsewhere: Iterable[str] = ()) -> float | None:
    """Return how much of all that is odd, or should be, agrees with the pattern that agrees best, from 0 to 1.

    What could not be seen counts neither way, nor does what other causes explain (``elsewhere``), nor what tells again
    what other facts tell. ``None`` if no pattern is known.
    """
    told = frozenset(elsewhere)
    seen = {name: value for name, value in pattern_of(facts).items() if name not in told and not asked_again(name)}
    return max((_alike(pattern, seen, facts) for pattern in known), default=None)


def _alike(pattern: Pattern, seen: Pattern, facts: Facts) -> float:
    visible = {name: value for name, value in pattern.items() if facts.value(name) and not asked_again(name)}
    names = set(seen) | set(visible)
    telling = {name for name in names if steady(name) and grade_of(name) is not Grade.FORM}
    compared = telling or names
    if not compared:
        return 1.0
    agreeing = [name for name in compared if name in visible and visible[name] == in_short(facts.value(name))]
    return len(agreeing) / len(compared)
