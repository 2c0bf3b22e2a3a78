"""After how many bytes connections were ended, whatever was sent or asked for on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from registry_conformance.judge.diagnosis.answer_forms import ended_by_a_large_one
from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.preflight.finding import TRANSFERS_END, Finding

_MIB = 1 << 20
_ALIKE = 16 * 1024
"""Bytes by which the numbers may differ that came before an end: heads of answers are not counted."""
_SHOWN = 3
"""So many downloads are shown."""
_CUT = re.compile(r"200 .*\bcut$")
_ENDED = re.compile(r"reset|protocol")
_SIZES = {"64k": 1 << 16, "512k": 1 << 19, "1m": _MIB, "3m": 3 * _MIB, "5m": 5 * _MIB, "7m": 7 * _MIB, "9m": 9 * _MIB,
          "11m": 11 * _MIB}  # fmt: skip


def ended_transfers(facts: Facts) -> Finding | None:
    """Return that downloads end after one number of bytes, or uploads between two, ``None`` if neither is seen.

    Nothing is said where MLflow itself ends them, as it was asked directly, or ended under a large one.
    """
    if any(fact.name.startswith("ladder.") and fact.name.endswith(".O") for fact in facts.anomalies):
        return None
    return _downloads(facts) or _uploads(facts)


def _downloads(facts: Facts) -> Finding | None:
    cut = [fact for fact in facts.anomalies if fact.name.endswith(".get.P") and _CUT.match(fact.value)]
    came = [size for fact in cut for size in _received(fact)]
    if len(cut) < 2 or len(came) < 2 or max(came) - min(came) > _ALIKE:
        return None
    taken = facts.value("ladder.put.P") == "all"
    others = "; uploads of every size pass" if taken else ""
    sentence = (
        f"something in the network ends connections after {_shown(max(came))} of an answer, whatever its size: "
        f"{len(cut)} of {len(cut)} larger downloads ended there{others}"
    )
    seen = tuple(fact.sentence for fact in cut)[:_SHOWN]
    return Finding(TRANSFERS_END, sentence, TRANSFERS_END.remedy, seen)


def _received(fact: Fact) -> Iterator[int]:
    for item in fact.evidence:
        if item["kind"] == "exchange" and item["status"] == 200 and item["response_body"]["size"]:
            yield item["response_body"]["size"]


def _uploads(facts: Facts) -> Finding | None:
    size, _, answer = facts.value("ladder.put.P").partition(" ")
    if not _ENDED.match(answer) or not facts.value("put.P").startswith("200") or size not in _SIZES:
        return None
    if ended_by_a_large_one(facts, facts.anomalies):
        return None
    passed = [step for step in _SIZES if facts.value(f"size.{step}.P").startswith("200")]
    least = max((_SIZES[step] for step in passed), default=0)
    most, between = _SIZES[size], facts.get("ladder.between.P")
    seen = [facts[f"size.{size}.P"].sentence] if f"size.{size}.P" in facts else []
    if between is not None:
        step, _, answer = between.value.partition(" ")
        least, most = (_SIZES[step], most) if answer.startswith("200") else (least, _SIZES[step])
        seen.append(between.sentence)
    sentence = (
        f"something in the network ends connections after {_shown(least)} to {_shown(most)} of a request: smaller "
        "uploads pass, and no part answers larger ones"
    )
    return Finding(TRANSFERS_END, sentence, TRANSFERS_END.remedy, tuple(seen))


def _shown(size: int) -> str:
    return f"{size / _MIB:.1f} MiB" if size >= _MIB / 2 else f"{size / 1024:.0f} KiB"
