"""Suggestions for unknown names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_FEW = 8
"""So many names are listed in full; of more, only the nearest are named."""
_MOST_NEAR = 3
_ALIKE = 0.6
"""From this likeness on, of 1, a name may be what was meant."""
_AS_GOOD = 0.1
"""Only names whose similarity is within this distance of the best are suggested."""


def unknown(name: str, known: Iterable[str], *, listing: str = "") -> str:
    """Return the message for an unknown name: the nearest known names, and which there are.

    For long lists, ``listing`` is the command or place that shows all.
    """
    names = list(dict.fromkeys(known))
    if not names:
        return "unknown; there is none"
    hint = f"use one of {', '.join(names)}" if len(names) <= _FEW else ""
    if len(names) > _FEW and listing:
        hint = f"all {len(names)} are listed by: {listing}"
    near = nearest(name, names)
    if near:
        question = f"unknown; did you mean {' or '.join(near)}?"
        return f"{question} {hint[0].upper()}{hint[1:]}" if hint else question
    return f"unknown; {hint}" if hint else "unknown"


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """Return the most similar names, best first, none if none is similar."""
    likeness = {each: difflib.SequenceMatcher(None, name.lower(), each.lower()).ratio() for each in names}
    best = max(likeness.values(), default=0.0)
    if best < _ALIKE:
        return []
    near = sorted((each for each in likeness if likeness[each] >= best - _AS_GOOD), key=lambda each: -likeness[each])
    return [each for each in near if likeness[each] >= _ALIKE][:_MOST_NEAR]
