"""Reads a response body by its Content-Encoding."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.evidence.coding import Unpacking
from registry_conformance.judge.evidence.exchange import Body, Exchange

UNREADABLE = "unreadable"
"""How the error starts if a body does not match its Content-Encoding."""
ACCEPTED = ("Accept-Encoding", "gzip, deflate")
"""The header by which every client of ``requests``, and so MLflow's, says what it unpacks."""
_MOST = 4 << 20
"""Bytes that a body is unpacked to at most."""


def unpacked(exchange: Exchange) -> Exchange:
    """Return an exchange with its body decoded; a body that cannot be decoded gets the error ``UNREADABLE``.

    Bodies that were not kept in full, and those that decode to more than 4 MiB, are left as they are.
    """
    label = exchange.header("content-encoding").strip().lower()
    size = exchange.response_body.size
    if not label or not size or size != len(exchange.content):
        return exchange
    unpacking = Unpacking(label, _MOST)
    body = Body.of(unpacking.parts(exchange.content))
    if unpacking.whole:
        return replace(exchange, response_body=body, unpacked_body=None)
    if not unpacking.packed or unpacking.overlong:
        return exchange
    words = f"{UNREADABLE}: its Content-Encoding is {label[:40]!r}, and its body is not packed so"
    return replace(exchange, error=exchange.error or words)


def unknown_coding(exchange: Exchange) -> str:
    """Return the label of a body that is packed in a way that not every client unpacks, empty if it is not."""
    label = exchange.header("content-encoding").strip().lower()
    return label if Unpacking(label).wrong else ""
