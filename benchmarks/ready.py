"""How much longer the whole stack takes to be ready than its slowest part alone."""

from __future__ import annotations

from statistics import median

from benchmarks.figure import Figure, Target, rounds_within
from benchmarks.stacks import PARTS, Bench, seconds_alone, stack_up

ROUNDS = 5
LIMIT = 80.0


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Start stack and slowest part in turn, after one uncounted start of each part and of the stack."""
    with stack_up(bench):  # fills the cache
        pass
    slowest = max(PARTS, key=lambda part: seconds_alone(bench, part))
    whole: list[float] = []
    alone: list[float] = []
    parts: dict[str, float] = {}
    for _ in rounds_within(rounds, LIMIT):
        with stack_up(bench) as up:
            whole.append(up.seconds)
            parts = up.stack.seconds()
        alone.append(seconds_alone(bench, slowest))
    within = ", ".join(f"{part} {seconds:.1f}" for part, seconds in sorted(parts.items(), key=lambda item: -item[1]))
    return [
        Figure(
            f"stack ready / {slowest} alone",
            "ratio",
            [both / one for both, one in zip(whole, alone, strict=True)],
            Target(1.1),
            f"stack {median(whole):.2f} s, {slowest} alone {median(alone):.2f} s; in the stack: {within} s",
        )
    ]
