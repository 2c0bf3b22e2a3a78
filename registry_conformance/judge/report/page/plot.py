"""The coordinates of the latency plot: requests, medians and scale lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median, quantiles
from typing import Any

from registry_conformance.judge.report.latency import latency
from registry_conformance.judge.report.record import RunRecord

_DOTS = 160
_LEFT, _WIDTH = 110, 700
_ROW = 46
_SCALE = tuple(step * 10**power for power in range(-4, 2) for step in (1, 2, 5))


def plot(run: RunRecord) -> dict[str, Any] | None:
    """Return the rows of the plot, the origin first, on a logarithmic scale of milliseconds; ``None`` if empty."""
    seen = latency(run)
    if not seen.doors:
        return None
    rows = {"origin": seen.origin} | {door: here for door, (here, _) in seen.doors.items()}
    every = sorted(second for seconds in rows.values() for second in seconds if second > 0)
    low, high = every[len(every) // 100] / 1.5, every[-1 - len(every) // 200] * 1.3

    def x(second: float) -> float:
        share = (math.log(second) - math.log(low)) / (math.log(high) - math.log(low))
        return round(_LEFT + _WIDTH * min(1.0, max(0.0, share)), 1)

    return {
        "rows": [_row(name, seconds, number, x) for number, (name, seconds) in enumerate(rows.items())],
        "ticks": [{"x": x(tick), "label": _label(tick)} for tick in _SCALE if low < tick < high],
        "ratios": {door: round(seen.ratio(door), 2) for door in seen.doors},
        "left": _LEFT,
        "right": _LEFT + _WIDTH,
        "height": len(rows) * _ROW + 30,
        "bottom": len(rows) * _ROW + 6,
        "requests": len(every),
    }


def _row(name: str, seconds: Sequence[float], number: int, x: Any) -> dict[str, Any]:
    shown = sorted(seconds)
    step = max(1, len(shown) // _DOTS)
    spread = quantiles(shown * 2 if len(shown) == 1 else shown, n=20, method="inclusive")  # of one there are none
    low, middle, high = spread[0], median(shown), spread[-1]
    y = number * _ROW + 28
    return {
        "name": name,
        "y": y,
        "dots": [{"x": x(second), "y": y + _spread(place)} for place, second in enumerate(shown[::step])],
        "low": x(low),
        "median": x(middle),
        "high": x(high),
        "said": f"{name}: median {_label(middle)}, 90% within {_label(low)} to {_label(high)}, {len(shown)} requests",
        "label": _label(middle),
    }


def _spread(place: int) -> float:
    """Return the vertical offset of a dot, so that coinciding dots can be distinguished."""
    return round(((place * 0.618034) % 1 - 0.5) * 20, 1)


def _label(second: float) -> str:
    ms = second * 1000
    if ms >= 1000:
        return f"{ms / 1000:.3g} s"
    return f"{ms:.3g} ms" if ms < 10 else f"{ms:.0f} ms"
