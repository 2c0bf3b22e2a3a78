"""The figures of a load plot: rate, percentiles and number of users over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from registry_conformance.judge.report.load import busiest, notes, proof_sentence
from registry_conformance.judge.report.record import RunRecord

_LEFT, _WIDTH, _HEIGHT, _APART = 70, 740, 110, 34
_TICKS = 3
_STRIPS: tuple[tuple[str, tuple[tuple[str, str], ...], Callable[[float], str]], ...] = (
    ("requests/s", (("rate", "served"),), lambda value: f"{value:.0f}"),
    ("time taken", (("p50", "p50"), ("p95", "p95"), ("p99", "p99")), lambda value: f"{value * 1000:.0f} ms"),
    ("users", (("users", "users"),), lambda value: f"{value:.0f}"),
    ("errors", (("errors", "share"),), lambda value: f"{value:.0%}"),
)
_DASHES = ("", "7 3", "2 3")
"""How lines of one strip differ where no colour is seen."""


def load_plot(run: RunRecord) -> dict[str, Any] | None:
    """Return the page's data on a load, ``None`` without one."""
    load = run.load
    if load is None:
        return None
    spans = load["over_time"]
    strips = [_strip(number, spans, *strip) for number, strip in enumerate(_STRIPS)]
    return {
        "plan": load["plan"],
        "steps": load["steps"],
        "kinds": load["kinds"],
        "knee": load["knee"],
        "parts": busiest(load),
        "errors": sorted(load["errors"].items(), key=lambda item: -item[1]),
        "proof": proof_sentence(load),
        "compared": load.get("compared"),
        "notes": notes(load),
        "strips": strips,
        "left": _LEFT,
        "right": _LEFT + _WIDTH,
        "height": len(strips) * (_HEIGHT + _APART) + 24,
        "seconds": _ticks(spans),
    }


def _strip(
    number: int,
    spans: Sequence[Mapping[str, float]],
    title: str,
    lines: Sequence[tuple[str, str]],
    said: Callable[[float], str],
) -> dict[str, Any]:
    top = number * (_HEIGHT + _APART) + 22
    most = max((float(span[name]) for span in spans for name, _ in lines), default=0.0) or 1.0
    last = max((span["ends"] for span in spans), default=1.0) or 1.0

    def points(name: str) -> str:
        middles = ((span["begins"] + span["ends"]) / 2 for span in spans)
        places = (
            (_LEFT + _WIDTH * middle / last, top + _HEIGHT * (1 - float(span[name]) / most))
            for middle, span in zip(middles, spans, strict=True)
        )
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)

    return {
        "title": title,
        "top": top,
        "bottom": top + _HEIGHT,
        "most": said(most),
        "lines": [
            {"name": shown, "points": points(name), "dashes": dashes, "at": place * 60}
            for place, ((name, shown), dashes) in enumerate(zip(lines, _DASHES, strict=False))
        ],
        "said": f"{title}: at most {said(most)}",
    }


def _ticks(spans: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    last = max((span["ends"] for span in spans), default=1.0)
    return [
        {"x": round(_LEFT + _WIDTH * number / _TICKS, 1), "label": f"{last * number / _TICKS:.0f} s"}
        for number in range(_TICKS + 1)
    ]
