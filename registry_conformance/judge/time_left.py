"""How long a run will still take, in words."""

from __future__ import annotations

KNOWN_AFTER = 10.0
"""Seconds after which the time left can be told."""
KNOWN_FROM = 0.05
"""The share of a run that must be finished before the time left can be told."""


def in_words(seconds: float) -> str:
    """Return the time left: ``about 80 s left``."""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


def time_left(done: int, total: int, seconds: float) -> str:
    """Return the time left of a run of equal steps, empty as long as it cannot be known.

    ``seconds`` is what the steps that are done took together.
    """
    if seconds < KNOWN_AFTER or done < KNOWN_FROM * total:
        return ""
    return in_words(seconds / done * (total - done)) if done < total else "done"
