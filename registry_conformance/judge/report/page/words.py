"""Moments, times and shares as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from registry_conformance.judge.verdict import Verdict

ORDER = (Verdict.FAILED, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASSED, Verdict.INAPPLICABLE, Verdict.UNTESTED)
MARKS = {
    Verdict.PASSED: "✓",
    Verdict.FAILED: "✕",
    Verdict.ERROR: "!",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INAPPLICABLE: "\N{EN DASH}",
    Verdict.UNTESTED: "·",
}


def moment(iso: str) -> str:
    """Return an ISO moment as people write it."""
    return f"{datetime.fromisoformat(iso):%-d %B %Y, %H:%M} UTC"


def duration(seconds: float) -> str:
    """Return seconds as people say them: ``42 s``, ``3 min 5 s``."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 90 else f"{whole} s"


def shares(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the parts of a bar, red first: verdict, number, share in percent; none with nothing in it."""
    total = sum(counts.values()) or 1
    return [
        {"verdict": str(verdict), "number": counts[str(verdict)], "share": round(100 * counts[str(verdict)] / total, 3)}
        for verdict in ORDER
        if counts[str(verdict)]
    ]
