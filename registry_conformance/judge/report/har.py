"""The exchanges as an HTTP archive (HAR 1.2) for browser tools and HAR viewers: one page a check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from registry_conformance.judge.evidence.items import BodyItem, ExchangeItem
from registry_conformance.judge.report import tally
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.verdicts_json import SUITE

_PHASES = ("connect", "send", "wait", "receive")


def chunks(run: RunRecord) -> Iterator[bytes]:
    """Yield the archive as UTF-8 JSON, one entry at a time; checks without exchanges are left out.

    Fields that start with an underscore extend the format: verdict, door, hops.
    """
    log = {"version": "1.2", "creator": {"name": SUITE, "version": run.suite_version}}
    yield f'{{"log": {json.dumps(log)[:-1]}, "pages": ['.encode()
    begun = False
    for record in run.records:
        if first := next(_exchanges(record), None):
            yield (", " if begun else "").encode() + _bytes(_page(run, record, first))
            begun = True
    yield b'], "entries": ['
    begun = False
    for record in run.records:
        for exchange in _exchanges(record):
            yield (", " if begun else "").encode() + _bytes(_entry(run, record, exchange))
            begun = True
    yield b"]}}\n"


def _exchanges(record: CheckRecord) -> Iterator[ExchangeItem]:
    """Yield every exchange of a check, those of its flows included."""
    for item in record.evidence:
        if item["kind"] == "exchange":
            yield item
        elif item["kind"] == "flow":
            yield from item["exchanges"]


def _page(run: RunRecord, record: CheckRecord, first: ExchangeItem) -> dict[str, Any]:
    return {
        "startedDateTime": _moment(run, first),
        "id": record.nodeid,
        "title": f"{', '.join(record.requirements)} {tally.first_line(record.claim)} [{record.verdict}]".strip(),
        "pageTimings": {},
        "_verdict": str(record.verdict),
    }


def _entry(run: RunRecord, record: CheckRecord, exchange: ExchangeItem) -> dict[str, Any]:
    url = urlsplit(str(exchange["url"]))
    entry: dict[str, Any] = {
        "pageref": record.nodeid,
        "startedDateTime": _moment(run, exchange),
        "time": round(float(exchange["seconds"]) * 1000, 3),
        "request": {
            "method": exchange["method"],
            "url": exchange["url"],
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(exchange["request_headers"]),
            "queryString": _pairs(parse_qsl(url.query, keep_blank_values=True)),
            "headersSize": -1,
            "bodySize": exchange["request_body"]["size"],
        },
        "response": _response(exchange),
        "cache": {},
        "timings": _timings(exchange),
        "comment": f"{exchange['door']}: {exchange.get('error') or exchange['status']}",
        "_door": exchange["door"],
        "_request_id": exchange["request_id"],
        "_hops": list(exchange.get("hops", ())),
    }
    if exchange["request_body"]["size"]:
        kind = _header(exchange["request_headers"], "content-type")
        text = exchange["request_body"].get("text", "")
        entry["request"]["postData"] = {"mimeType": kind, "text": text, "comment": _cut(exchange["request_body"])}
    return entry


def _response(exchange: ExchangeItem) -> dict[str, Any]:
    """Return the response; a missing one has status 0 and the error, as browsers write it."""
    headers, body = exchange["response_headers"], exchange["response_body"]
    content = {"size": body["size"], "mimeType": _header(headers, "content-type"), "comment": _cut(body)}
    response = {
        "status": exchange["status"] or 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "content": content | ({"text": body["text"]} if "text" in body else {}),
        "redirectURL": _header(headers, "location"),
        "headersSize": -1,
        "bodySize": body["size"],
    }
    return response | ({"_error": exchange["error"]} if exchange.get("error") else {})


def _timings(exchange: ExchangeItem) -> dict[str, float]:
    """Return the milliseconds of each phase; unmeasured time counts as waiting, -1 where the format allows it."""
    known = {phase: round(float(exchange["timings"].get(phase, 0.0)) * 1000, 3) for phase in _PHASES}
    if not exchange["timings"]:
        known |= {"connect": -1, "wait": round(float(exchange["seconds"]) * 1000, 3)}
    return {"blocked": -1, "dns": -1, "ssl": -1, **known}


def _pairs(pairs: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _header(headers: Any, name: str) -> str:
    return next((value for known, value in headers if known.lower() == name), "")


def _cut(body: BodyItem) -> str:
    shown = len(body.get("text", "").encode())
    return "" if shown >= body["size"] else f"{shown} of {body['size']} B are here; sha256 {body['sha256']}"


def _moment(run: RunRecord, exchange: ExchangeItem) -> str:
    started = float(exchange["started"])
    return datetime.fromtimestamp(started, UTC).isoformat(timespec="milliseconds") if started else run.started


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
