"""Whether small uploads fail as well: what is said of sizes is then beside the point."""

from __future__ import annotations

import re
from collections.abc import Sequence

from registry_conformance.judge.diagnosis.facts import Fact, Facts

_SMALL = re.compile(r"(?:put|put\.again|text|empty|model\.put|repeat\.put|route\.upload|name\.[a-z]+)\.P")
"""The names of facts about uploads of some bytes, or none."""


def small_failures(facts: Facts, status: int) -> Sequence[Fact]:
    """Return the facts of small uploads that failed with a status, be it at times."""
    return [
        fact
        for fact in facts.anomalies
        if _SMALL.fullmatch(fact.name) and re.search(rf"\b{status}\b", fact.value) is not None
    ]
