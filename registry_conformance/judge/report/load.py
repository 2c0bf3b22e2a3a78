"""The load in a report: summary lines, and the ratio to the last load of the series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.run_snapshot import RunSnapshot

_MOST = 3
KINDS: Mapping[str, str] = {
    "lost": "lost",
    "corrupted": "corrupted",
    "doubled": "there twice",
    "same_number": "version numbers given twice",
    "nowhere": "aliases that point nowhere",
    "stale": "stale reads",
}
"""What a proof counts -> in words."""


def load_lines(run: RunRecord) -> Iterator[str]:
    """Yield the summary lines about a load, none without one."""
    load = run.load
    if load is None:
        return
    yield ""
    yield f"Load: {load['plan']}"
    for step in load["steps"]:
        yield (
            f"  {step['users']:>4} users {step['rate']:>8.1f} requests/s   p50 {_ms(step['p50'])}   "
            f"p95 {_ms(step['p95'])}   p99 {_ms(step['p99'])}   errors {step['errors']:.2%}"
        )
    if knee := load["knee"]:
        yield f"  knee: {knee['users']} users, {knee['rate']:.1f} requests/s"
    if compared := load.get("compared"):
        yield (
            f"  over the last load of this series ({compared['run']}): "
            f"rate x {compared['rate']:.2f}, p95 x {compared['p95']:.2f}"
        )
    yield f"  busiest: {', '.join(_part(name, one) for name, one in busiest(load)[:_MOST])}"
    generator = load["generator"]
    yield f"  load generator: {generator['cpu']:.0%} of a processor, event loop {_ms(generator['lag'])} late"
    yield f"  proof: {proof_sentence(load)}"
    yield from (f"  note: {note}" for note in notes(load))


def notes(load: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know of how a load went, in sentences."""
    found = [f"{load['killed']['part']} was killed: {_served_again(load['killed'])}"] if load["killed"] else []
    found += [load["generator"]["saturated"]] if load["generator"]["saturated"] else []
    found += [f"the load ended early: {why}" for why in dict.fromkeys(load["ended_early"])]
    return [*found, *load["lost_workers"]]


def _served_again(killed: Mapping[str, Any]) -> str:
    if killed["recovery"] is None:
        return "when all was served again is not known"
    return f"all was served again {killed['recovery']:.1f} s later"


def proof_sentence(load: Mapping[str, Any]) -> str:
    """Return the result of the verification after the load in a sentence."""
    counts = load["proof"]["counts"]
    found = ", ".join(f"{counts[name]} {words}" for name, words in KINDS.items())
    order = load["linearizable"]
    checked = order["unseen"] or (
        f"{order['ok']} histories linearizable, {len(order['illegal'])} not, {len(order['unknown'])} undecided"
    )
    unseen = f"; {len(load['proof']['unseen'])} could not be looked up" if load["proof"]["unseen"] else ""
    return (
        f"{load['acknowledged']} acknowledged writes looked up ({load['proof']['where']}): {found}{unseen}; {checked}"
    )


def busiest(load: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    """Return the monitored parts, the one with the most CPU time first."""
    return sorted(load["parts"].items(), key=lambda item: -item[1]["cpu"])


def compared(load: Mapping[str, Any], run: str, before: Sequence[RunSnapshot]) -> dict[str, Any] | None:
    """Return a load relative to the last one of its series; ``None`` without one."""
    past = next((night for night in reversed(before) if night.load.get("rate") and night.run != run), None)
    if past is None or not past.load.get("p95"):
        return None
    ratios = {name: round(float(load[name]) / past.load[name], 3) for name in ("rate", "p95")}
    return {"run": past.run, **ratios}


def _part(name: str, one: Mapping[str, float]) -> str:
    return f"{name} {one['cpu']:.0%} of a processor, {one['memory_last']:.0f} MiB"


def _ms(second: float) -> str:
    return f"{second * 1000:.0f} ms"
