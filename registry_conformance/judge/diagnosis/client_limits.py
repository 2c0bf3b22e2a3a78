"""What the client's own settings and machine allow, held against what requests were seen to take."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Collection, Iterator

from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.pacing import PACED
from registry_conformance.judge.diagnosis.preflight.finding import CLIENT_LIMIT, CLIENT_ROOM, Finding
from registry_conformance.judge.diagnosis.repetition import BRIDGED
from registry_conformance.judge.evidence.items import ExchangeItem

_TIMEOUT, _RETRIES = "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
ROOM = "free bytes in the temporary folder"
"""The name of the room on the client's machine among its limits."""
_LEAST_ROOM = 4 << 20
"""Bytes below which hardly any model can be written."""
_ALONE = "pace."
"""How the names of facts begin that were seen while nothing else was asked."""
_BESIDES = 2
"""So many times as long as it may take alone must take what was asked beside others: they wait for each other."""
_AMPLE = 5
"""So many times as long as was seen is named as enough."""
_SENT = 80
"""So many requests a registration sends, about."""
_ENOUGH_RETRIES = 5


def gives_up(facts: Facts, limits: Collection[tuple[str, int]]) -> Finding | None:
    """Return that the client gives up on what works here, ``None`` if its settings and its machine leave it enough."""
    given = dict(limits)
    if ROOM in given and given[ROOM] < _LEAST_ROOM:
        return _no_room(given[ROOM])
    if _TIMEOUT in given and (found := _too_soon(facts, given[_TIMEOUT])):
        return found
    return _too_few(facts, given[_RETRIES]) if _RETRIES in given else None


def _no_room(free: int) -> Finding:
    """Return that a model cannot be written where the client writes it first."""
    sentence = (
        f"the temporary folder of this machine, {tempfile.gettempdir()}, has room for {free >> 10} KiB: the MLflow "
        'client writes a model there before it uploads it, and ends with "No space left on device"'
    )
    return Finding(CLIENT_ROOM, sentence, CLIENT_ROOM.remedy)


def _too_soon(facts: Facts, seconds: int) -> Finding | None:
    """Return that the client waits for less time than the slowest answer took, if so."""
    late = [(waited, fact) for fact, waited in _waits(facts) if waited >= seconds * _allowed(fact)]
    if not late:
        return None
    longest, fact = max(late, key=lambda each: each[0])
    sentence = (
        f"{_TIMEOUT}={seconds} of this environment ends requests of the MLflow client that are answered here, and "
        f"later: an answer took {longest:.1f} s"
    )
    remedy = f"unset {_TIMEOUT} (120 seconds then), or set it to {math.ceil(longest * _AMPLE)} or more"
    return Finding(CLIENT_LIMIT, sentence, remedy, (fact.sentence,))


def _waits(facts: Facts) -> Iterator[tuple[Fact, float]]:
    """Yield how long each answer was waited for once all was sent."""
    for fact in facts.values():
        for item in _answered(fact):
            yield fact, item["timings"].get("wait", 0.0)


def _allowed(fact: Fact) -> int:
    return 1 if fact.name.startswith(_ALONE) else _BESIDES


def _answered(fact: Fact) -> Iterator[ExchangeItem]:
    if not fact.name.endswith(".P"):
        return
    for item in fact.evidence:
        if item["kind"] == "exchange" and item["status"] is not None and item["status"] < 400:
            yield item


def _too_few(facts: Facts, retries: int) -> Finding | None:
    """Return that the client repeats less often than failures make necessary, if so."""
    bridged, paced = facts.get(f"{BRIDGED}.P"), facts.get(f"{PACED}.P")
    counted = re.match(r"(\d+) of (\d+)", bridged.value) if bridged else None
    failing = min(1.0, int(counted[1]) / max(1, int(counted[2]))) if counted else 0.0
    seen = bridged if _SENT * failing ** (retries + 1) >= 1 else None
    if seen is None and paced is not None and not retries:
        seen = paced
    if seen is None:
        return None
    sentence = (
        f"{_RETRIES}={retries} of this environment has the MLflow client repeat too seldom for this registry, where "
        "requests fail for a moment and go through when they are repeated"
    )
    remedy = f"unset {_RETRIES} (7 times then), or set it to {_ENOUGH_RETRIES} or more"
    return Finding(CLIENT_LIMIT, sentence, remedy, (seen.sentence,))
