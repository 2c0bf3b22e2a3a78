"""Decodes a response body by its Content-Encoding."""

from __future__ import annotations

import zlib
from dataclasses import replace

from registry_conformance.judge.evidence.exchange import Body, Exchange

UNREADABLE = "unreadable"
"""How the error starts if a body does not match its Content-Encoding."""
ACCEPTED = ("Accept-Encoding", "gzip, deflate")
"""The header by which every client of ``requests``, and so MLflow's, says what it unpacks."""
_MOST = 4 << 20
"""Bytes that a body is unpacked to at most: a few that are packed well could fill this machine's memory."""
_CODINGS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""Coding -> the formats of zlib that go by its name."""


def unpacked(exchange: Exchange) -> Exchange:
    """Return an exchange with its body decoded; a body that cannot be decoded gets the error ``UNREADABLE``.

    Bodies that were not kept in full, and those that decode to more than 4 MiB, are left as they are.
    """
    label = exchange.header("content-encoding").strip().lower()
    size = exchange.response_body.size
    if not label or not size or size != len(exchange.content):
        return exchange
    body: bytes | None = exchange.content
    try:
        for coding in reversed([each.strip() for each in label.split(",")]):
            body = _inflated(body, coding) if body is not None else None
    except (zlib.error, LookupError):
        words = f"{UNREADABLE}: its Content-Encoding is {label[:40]!r}, and its body is not packed so"
        return replace(exchange, error=exchange.error or words)
    return exchange if body is None else replace(exchange, response_body=Body.of([body]))


def as_read(exchange: Exchange) -> Exchange:
    """Return an exchange as a client reads it: unpacked, if what its label says makes a document of it."""
    if not exchange.header("content-encoding") or exchange.json() is not None:
        return exchange
    read = unpacked(exchange)
    return read if read.json() is not None else exchange


def unknown_coding(exchange: Exchange) -> str:
    """Return the label of a body that is packed in a way that not every client unpacks, empty if it is not."""
    label = exchange.header("content-encoding").strip().lower()
    codings = {each.strip() for each in label.split(",")} - {"", "identity"}
    return label if codings - set(_CODINGS) else ""


def _inflated(data: bytes, coding: str) -> bytes | None:
    """Return decoded bytes, ``None`` if too many; raise ``zlib.error``, or ``LookupError`` for an unknown coding."""
    if coding == "identity":
        return data
    formats = _CODINGS[coding]
    for wbits in formats:
        unpacking = zlib.decompressobj(wbits)
        try:
            plain = unpacking.decompress(data, _MOST + 1)
        except zlib.error:
            if wbits == formats[-1]:
                raise
            continue
        if len(plain) <= _MOST and not unpacking.eof:
            raise zlib.error("the body ends before what is packed in it does")
        return plain if len(plain) <= _MOST else None
    raise LookupError(coding)
