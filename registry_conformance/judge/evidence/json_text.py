"""JSON as a stranger wrote it: read in bounded depth, or told to be none."""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 100
"""Objects and lists within one another that are read; MLflow's own answers have fewer than ten."""


def parsed(text: str | bytes) -> Any:
    """Return a JSON value; raise ``ValueError`` for what is none, too deep, or has a number that no float can hold."""
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_refused)
    except RecursionError:
        raise ValueError("objects and lists are nested too deep") from None
    opened = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if opened > DEEPEST and _is_deep(value):
        raise ValueError(f"objects and lists are nested more than {DEEPEST} deep")
    return value


def _is_deep(value: Any) -> bool:
    """Return whether a value is nested deeper than is read, without calling itself."""
    layer = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for each in layer:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return False
        layer = below
    return any(isinstance(each, dict | list) for each in layer)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is larger than any number that can be held")
    return number


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no JSON")
