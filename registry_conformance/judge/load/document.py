"""A load as JSON for ``verdicts.json``, as ``reports/schema`` describes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from registry_conformance.judge.load import figures
from registry_conformance.judge.load.outcome import LoadOutcome

_MOST = 20


def document(outcome: LoadOutcome) -> dict[str, Any]:
    """Return a load as a JSON-able value."""
    happened, proof = outcome.happened, outcome.proof
    steps = outcome.steps
    found = figures.knee(steps)
    return {
        "plan": str(happened.plan),
        "series": happened.plan.series,
        "seconds": round(outcome.seconds, 2),
        "requests": len(outcome.users),
        "acknowledged": outcome.acknowledged,
        "rate": outcome.rate,
        "p95": steps[-1].p95 if steps else 0.0,
        "steps": [asdict(step) for step in steps],
        "over_time": [asdict(span) for span in figures.over_time(happened)],
        "kinds": {kind: asdict(one) for kind, one in figures.by_kind(happened).items()},
        "knee": asdict(found) if found else None,
        "parts": figures.saturation(happened),
        "errors": figures.errors(happened),
        "generator": asdict(outcome.generator),
        "lost_workers": list(happened.lost_workers),
        "ended_early": [str(note.told["why"]) for note in happened.history.noted("ended")],
        "killed": {"part": happened.plan.kill, "recovery": outcome.recovery} if happened.killed_at else None,
        "proof": {
            "where": proof.where,
            "looked_at": dict(proof.looked_at),
            "lost": [str(one) for one in proof.lost[:_MOST]],
            "corrupted": [str(one) for one in proof.corrupted[:_MOST]],
            "doubled": [str(one) for one in proof.doubled[:_MOST]],
            "same_number": [str(one) for one in proof.same_number[:_MOST]],
            "nowhere": [str(one) for one in proof.nowhere[:_MOST]],
            "stale": [str(one) for one in outcome.stale[:_MOST]],
            "unseen": proof.unseen[:_MOST],
            "counts": {
                "lost": len(proof.lost),
                "corrupted": len(proof.corrupted),
                "doubled": len(proof.doubled),
                "same_number": len(proof.same_number),
                "nowhere": len(proof.nowhere),
                "stale": len(outcome.stale),
            },
        },
        "linearizable": {
            "ok": len(outcome.order.ok),
            "illegal": list(outcome.order.illegal[:_MOST]),
            "unknown": list(outcome.order.unknown[:_MOST]),
            "unseen": outcome.order.unseen,
        },
    }
