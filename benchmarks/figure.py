"""A measured figure: one value a round, its target, and how a table and a file show it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


class BenchError(RuntimeError):
    """Something could not be measured; the message says what and why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure's median is to be: at most ``bound``, or at least it."""

    bound: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Return whether a value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    ``unit`` is ``ratio``, ``ms``, ``s`` or ``MiB``; ``rounds`` holds one value a round, at least one; ``target`` is
    ``None`` if none was set; ``note`` names what the value was made from.
    """

    name: str
    unit: str
    rounds: Sequence[float]
    target: Target | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the target, ``None`` if there is none."""
        return self.target.met_by(median(self.rounds)) if self.target else None

    def document(self) -> dict[str, Any]:
        """Return the figure as JSON-able data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "rounds": [round(value, 4) for value in self.rounds],
            "min": round(min(self.rounds), 4),
            "median": round(median(self.rounds), 4),
            "max": round(max(self.rounds), 4),
            "target": str(self.target) if self.target else None,
            "met": self.met,
            "note": self.note,
        }


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """Yield the table's lines: a heading, and two lines a figure, values and what they were made from."""
    yield f"{'':44}{'min':>9}{'median':>9}{'max':>9}  {'target':14}met"
    for figure in figures:
        values = (min(figure.rounds), median(figure.rounds), max(figure.rounds))
        shown = "".join(f"{value:9.2f}" for value in values)
        met = {True: "yes", False: "NO", None: "-"}[figure.met]
        yield f"{f'{figure.name} [{figure.unit}]':44}{shown}  {figure.target or '-'!s:14}{met}"
        if figure.note:
            yield f"    {figure.note}"


def rounds_within(rounds: int, seconds: float) -> Iterator[int]:
    """Yield 0, 1, ... below ``rounds``; after the first, none that begins once ``seconds`` are spent."""
    began = time.monotonic()
    for number in range(rounds):
        if number and time.monotonic() - began > seconds:
            return
        yield number
