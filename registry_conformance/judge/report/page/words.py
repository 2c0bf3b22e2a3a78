"""Moments, durations and shares in readable form."""

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
    """Return an ISO timestamp in readable form."""
    return f"{datetime.fromisoformat(iso):%-d %B %Y, %H:%M} UTC"


def duration(seconds: float) -> str:
    """Return seconds in readable form: ``42 s``, ``3 min 5 s``."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 90 else f"{whole} s"


def shares(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the segments of a bar, red first: verdict, number, percentage; empty ones are left out."""
    total = sum(counts.values()) or 1
    return [
        {"verdict": str(verdict), "number": counts[str(verdict)], "share": round(100 * counts[str(verdict)] / total, 3)}
        for verdict in ORDER
        if counts[str(verdict)]
    ]
