"""Checks and evidence inside the page: a small index, and compressed pieces that the browser opens on demand."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from typing import Any

from registry_conformance.judge.evidence.items import EvidenceItem
from registry_conformance.judge.report import tally
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.replay import curl

BUDGET = 24 * 1024 * 1024
"""Bytes of compressed evidence in a page: failed checks and complete flows first, the rest as far as it fits."""
_PIECE = 256 * 1024
"""Characters of JSON in a piece, unless one check has more."""


class Evidence:
    """The evidence of a run in pieces; ``index`` locates each check's evidence once ``pieces`` has ended."""

    def __init__(self, run: RunRecord, budget: int = BUDGET) -> None:
        self._run = run
        self._budget = budget
        self._places: dict[int, tuple[int, int]] = {}
        self._flows: list[dict[str, Any]] = []
        self._causes = {str(cause["cause"]): place for place, cause in enumerate(run.diagnosis)}

    def pieces(self) -> Iterator[str]:
        """Yield script elements ``e0``, ``e1`` ...: each a list of checks, compressed by gzip, in base64."""
        spent, number = 0, 0
        for members in self._batches():
            packed = base64.b64encode(gzip.compress(f"[{','.join(text for _, text in members)}]".encode(), 6, mtime=0))
            if spent + len(packed) > self._budget:
                continue
            spent += len(packed)
            self._places |= {check: (number, place) for place, (check, _) in enumerate(members)}
            yield f'<script type="text/plain" id="e{number}">{packed.decode()}</script>\n'
            number += 1

    def index(self) -> dict[str, Any]:
        """Return the checks without evidence, and where the flows are; ``e`` is piece and offset of the evidence."""
        return {
            "checks": [self._light(place, record) for place, record in enumerate(self._run.records)],
            "flows": [flow for flow in self._flows if flow["check"] in self._places],
        }

    def _batches(self) -> Iterator[list[tuple[int, str]]]:
        """Yield batches of checks as JSON texts, the most interesting first."""
        batch: list[tuple[int, str]] = []
        size = 0
        for place in _ordered(self._run.records):
            text = json.dumps(self._whole(place), ensure_ascii=False)
            if batch and size + len(text) > _PIECE:
                yield batch
                batch, size = [], 0
            batch.append((place, text))
            size += len(text)
        if batch:
            yield batch

    def _light(self, place: int, record: CheckRecord) -> dict[str, Any]:
        light: dict[str, Any] = {"n": record.nodeid, "v": str(record.verdict), "s": round(record.seconds, 3)}
        light |= {"q": list(record.requirements), "c": tally.first_line(record.claim), "d": record.door}
        if record.verdict in tally.RED or record.message:
            light["r"] = tally.brief(tally.reason(record))[:300]
        if record.diagnosis and record.diagnosis["cause"] in self._causes:
            light["x"] = self._causes[record.diagnosis["cause"]]
        if place in self._places:
            light["e"] = self._places[place]
        return light

    def _whole(self, place: int) -> dict[str, Any]:
        record = self._run.records[place]
        evidence = [_shown(item) for item in record.evidence]
        for number, item in enumerate(evidence):
            if item["kind"] == "flow":
                about = {"check": place, "item": number, "name": item["name"], "door": record.door}
                self._flows.append({**about, "problem": item["problem"], "n": len(item["exchanges"])})
        return {
            "expected": record.expected,
            "actual": record.actual,
            "where": record.where,
            "rerun": record.rerun,
            "message": record.message,
            "started": record.started,
            "evidence": evidence,
        }


def embedded(name: str, value: Any) -> str:
    """Return a JSON value as a script element that no text in it can end."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>\n'


def _ordered(records: Sequence[CheckRecord]) -> list[int]:
    """Return the indexes of the checks: failed ones, then registrations, then the rest."""
    return sorted(range(len(records)), key=lambda place: _rank(records[place]))


def _rank(record: CheckRecord) -> int:
    if record.verdict in tally.RED:
        return 0
    return 1 if "/registration/" in record.nodeid else 2


def _shown(item: EvidenceItem) -> dict[str, Any]:
    """Return evidence for the page: exchanges include the command that repeats them."""
    if item["kind"] == "exchange":
        return {**item, "curl": curl(item)}
    if item["kind"] == "flow":
        return {**item, "exchanges": [_shown(exchange) for exchange in item["exchanges"]]}
    return dict(item)
