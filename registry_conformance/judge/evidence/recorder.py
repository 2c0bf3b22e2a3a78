"""The evidence of one check: a limited number of exchanges, objects and notes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.items import EvidenceItem, ExchangeItem, FlowItem, NoteItem

FIRST, LAST = 20, 30
LONGEST_FLOW = 200


class Evidence:
    """The evidence of a check's verdict, in order of observation.

    The first 20 and the last 30 exchanges are kept; the others are counted. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: list[ExchangeItem] = []
        self._last: deque[ExchangeItem] = deque(maxlen=LAST)
        self._exchanges = 0
        self._others: list[EvidenceItem] = []

    def exchange(self, exchange: Exchange) -> Exchange:
        """Add an exchange and return it."""
        with self._lock:
            self._exchanges += 1
            if len(self._first) < FIRST:
                self._first.append(exchange.evidence())
            else:
                self._last.append(exchange.evidence())
        return exchange

    def note(self, text: str) -> None:
        """Add a sentence."""
        with self._lock:
            self._others.append({"kind": "note", "text": text})

    def flow(self, name: str, steps: Iterable[tuple[str, float]], exchanges: Sequence[Exchange], problem: str) -> None:
        """Add a flow of exchanges, the first 200 of them, with the time of each step and why it ended early."""
        shown = [exchange.evidence() for exchange in exchanges[:LONGEST_FLOW]]
        item: FlowItem = {
            "kind": "flow",
            "name": name,
            "problem": problem,
            "steps": [{"name": step, "finished": round(moment, 6)} for step, moment in steps],
            "exchanges": shown,
            "left_out": len(exchanges) - len(shown),
        }
        with self._lock:
            self._others.append(item)

    def object(self, key: str, size: int, sha256: str) -> None:
        """Add an object of the bucket."""
        with self._lock:
            self._others.append({"kind": "object", "key": key, "size": size, "sha256": sha256})

    def items(self) -> tuple[EvidenceItem, ...]:
        """Return the evidence, with a note if exchanges were left out."""
        with self._lock:
            omitted = self._exchanges - len(self._first) - len(self._last)
            gap: list[NoteItem] = [{"kind": "note", "text": f"{omitted} exchanges left out here"}] if omitted else []
            return (*self._first, *gap, *self._last, *self._others[:FIRST], *self._others[FIRST:][-LAST:])
