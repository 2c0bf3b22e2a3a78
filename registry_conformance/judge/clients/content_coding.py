"""What a client reads of an answer whose body is packed for the way: what the label says, or nothing at all."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.evidence.exchange import Body, Exchange

UNREADABLE = "unreadable"
"""How the error of an exchange begins whose body is not what its Content-Encoding says."""
ACCEPTED = ("Accept-Encoding", "gzip, deflate")
"""The header by which every client of ``requests``, and so MLflow's, says what it unpacks."""


def unpacked(exchange: Exchange) -> Exchange:
    """Return an exchange with its body as a client reads it; one that cannot be read has the error ``UNREADABLE``.

    Bodies of more than are kept of an answer stay as they came.
    """
    label = exchange.header("content-encoding").strip().lower()
    if not label or label == "identity" or exchange.response_body.size != len(exchange.content):
        return exchange
    import httpx  # noqa: PLC0415 - a tenth of a second that only packed answers cost

    try:
        body = httpx.Response(200, headers={"Content-Encoding": label}, content=exchange.content).content
    except httpx.DecodingError:
        words = f"{UNREADABLE}: its Content-Encoding is {label[:40]!r}, and its body is not packed so"
        return replace(exchange, error=exchange.error or words)
    return replace(exchange, response_body=Body.of([body]))
