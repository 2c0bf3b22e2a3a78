"""The path of an exchange behind the door: what each part recorded of it, found by its request id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from registry_conformance.judge.evidence.items import EvidenceItem, ExchangeItem, HopItem

_ID = re.compile(rb'"(?:request_id|id)": ?"([^"]{8,80})"')
_ORDER = ("proxy", "auth", "keys", "mlflow", "server", "store")
_MOST = 8
_LONGEST = 2048
Source = Literal["log", "link"]
Place = tuple[str, Source, int]
"""The part that wrote a line, ``log`` or ``link``, and the byte at which the line starts."""


class TraceIndex:
    """Finds entries about an exchange in ``logs`` (part -> file) and ``links`` (link -> record).

    Lines that are JSON objects with a request id are used. The files are read once, when first needed; only the
    positions of the lines are kept in memory.
    """

    def __init__(self, logs: Mapping[str, Path], links: Mapping[str, Path]) -> None:
        self._files: dict[tuple[str, Source], Path] = {(part, "log"): file for part, file in logs.items()}
        self._files |= {(link, "link"): file for link, file in links.items()}
        self._places: dict[bytes, list[Place]] | None = None

    def traced(self, evidence: Iterable[EvidenceItem]) -> Iterator[EvidenceItem]:
        """Yield evidence with ``hops`` added to each exchange that left a trace, also within flows."""
        for item in evidence:
            if item["kind"] == "exchange":
                yield self._with_hops(item)
            elif item["kind"] == "flow":
                yield {**item, "exchanges": [self._with_hops(exchange) for exchange in item["exchanges"]]}
            else:
                yield item

    def _with_hops(self, exchange: ExchangeItem) -> ExchangeItem:
        hops = list(self._of(str(exchange.get("request_id") or "")))
        return {**exchange, "hops": hops} if hops else exchange

    def _of(self, request_id: str) -> Iterator[HopItem]:
        if self._places is None:
            self._places = self._found()
        for part, source, at in self._places.get(request_id.encode(), ())[:_MOST]:
            with self._files[part, source].open("rb") as file:
                file.seek(at)
                line = file.readline()
            try:
                told = json.loads(line)
            except ValueError:  # the line was in the making
                continue
            yield _hop(part, source, told)

    def _found(self) -> dict[bytes, list[Place]]:
        """Return request id -> positions of the lines about it, in the order of the request's path."""
        places: dict[bytes, list[Place]] = {}
        for (part, source), file in sorted(self._files.items(), key=lambda item: _rank(*item[0])):
            at = 0
            for line in file.open("rb") if file.is_file() else ():
                if line.startswith(b"{") and (known := _ID.search(line)):
                    places.setdefault(known[1], []).append((part, source, at))
                at += len(line)
        return places


def _rank(part: str, source: str) -> tuple[int, str, str]:
    return (_ORDER.index(part) if part in _ORDER else len(_ORDER), part, source)


def _hop(part: str, source: Source, told: Mapping[str, Any]) -> HopItem:
    status = told.get("status")
    if source == "link":
        head = str(told.get("response", {}).get("head", ""))
        status = int(head.split(" ", 2)[1]) if re.match(r"HTTP/\S+ \d{3}", head) else None
    took = told.get("ms")
    return {
        "part": part,
        "from": source,
        "status": status if isinstance(status, int) and status else None,
        "ms": took if isinstance(took, int | float) else None,
        "told": _clipped(told),
    }


def _clipped(value: Any) -> Any:
    """Return a JSON value with its texts cut to 2 KiB."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]} ... {len(value)} characters"
    if isinstance(value, dict):
        return {name: _clipped(item) for name, item in value.items()}
    return [_clipped(item) for item in value] if isinstance(value, list) else value
