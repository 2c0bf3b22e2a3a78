"""Evidence as plain text: an exchange as HTTP messages with its hops, a flow line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from registry_conformance.judge.evidence.items import BodyItem, EvidenceItem, ExchangeItem, FlowItem, Headers
from registry_conformance.judge.report.failure import exchange_line


def transcript(exchange: ExchangeItem) -> str:
    """Return an exchange as HTTP messages, with bodies by size, sha256 and beginning, then what the parts recorded."""
    parts = [
        f"{exchange['method']} {exchange['url']}",
        *_message(exchange["request_headers"], exchange["request_body"]),
        f"\n-> {exchange.get('error') or exchange['status']} in {exchange['seconds']:.3f} s",
        *_message(exchange["response_headers"], exchange["response_body"]),
        *_hops(exchange),
    ]
    return "\n".join(parts)


def _message(headers: Headers, body: BodyItem) -> Iterator[str]:
    """Yield the lines of one side."""
    yield from (f"{name}: {value}" for name, value in headers)
    yield f"\n[{body['size']} B, sha256 {body['sha256']}]\n{body.get('text', '')}".rstrip()


def flow_text(flow: FlowItem) -> str:
    """Return a flow: its steps, its exchanges with their start times, and why it ended early."""
    begun = min((exchange["started"] for exchange in flow["exchanges"]), default=0.0)
    steps = [(step["finished"], f"   {step['name']} done") for step in flow["steps"]]
    lines = [(exchange["started"], exchange_line(exchange)) for exchange in flow["exchanges"]]
    told = [f"+{moment - begun:.3f} s {line}" for moment, line in sorted(steps + lines)]
    return "\n".join([flow["name"], *told, *([flow["problem"]] if flow["problem"] else [])])


def plain_line(item: EvidenceItem) -> str:
    """Return any evidence in one line."""
    if item["kind"] == "exchange":
        return exchange_line(item)
    if item["kind"] == "flow":
        return f"{item['name']}: {len(item['exchanges']) + item['left_out']} exchanges"
    if item["kind"] == "object":
        return f"object {item['key']}: {item['size']} B, sha256 {item['sha256']}"
    return f"{item['kind']}: {item.get('text', '')}"


def _hops(exchange: ExchangeItem) -> Iterator[str]:
    if exchange.get("hops"):
        yield ""
    for hop in exchange.get("hops", ()):
        took = f" in {hop['ms']} ms" if hop["ms"] is not None else ""
        yield f"{hop['from']} of {hop['part']}: {hop['status'] or 'no status'}{took}"
        yield f"  {json.dumps(hop['told'], ensure_ascii=False)}"
