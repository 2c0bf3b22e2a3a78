"""The value of a fact for an answer: its status, and whether its bytes or its document are right."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from typing import Any

from registry_conformance.judge.clients.content_coding import unpacked
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Body, Exchange

Judge = Callable[[Exchange], str]
"""Returns the value of a fact for an exchange."""

NOT_THERE = "(404 json RESOURCE_.*|403 (html|text) permission)"
"""How MLflow says that something is not there: to an ordinary user of its basic-auth, that no permission is held."""
_GZIP = b"\x1f\x8b"
"""How a file begins that gzip packed."""
_HOW = {"other": "other bytes", "short": "fewer bytes", "long": "more bytes", "empty": "no bytes"}
"""How bytes compare with those that were sent, in a word of a fact's value -> in a sentence."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hex."""
    return hashlib.sha256(content).hexdigest()


def whole(content: bytes) -> Judge:
    """Return a judge of downloads as a client keeps them, which unpacks a body by its Content-Encoding.

    Adds ``whole``, ``short``, ``long``, ``empty`` or ``other`` to a success. Bytes that were altered in a way that can
    be told are told so. ``called gzip`` came as it was sent, and a client unpacks it all the same; ``unreadable`` is
    not packed as it is labelled.
    """

    def judge(exchange: Exchange) -> str:
        if not exchange.ok:
            return summarize(exchange)
        label = exchange.header("content-encoding").strip().lower()
        came = _compared(exchange.response_body, content)
        if label in ("", "identity"):
            return f"{exchange.status} {came}"
        if came == "whole":
            return f"{exchange.status} called {label[:20]}"
        if exchange.unpacked_body is not None:
            return f"{exchange.status} {_compared(exchange.unpacked_body, content)}"
        read = unpacked(exchange)
        return f"{exchange.status} {'unreadable' if read.error else _compared(read.response_body, content)}"

    return judge


def _compared(body: Body, content: bytes) -> str:
    how = f" ({altered})" if body.size <= len(body.head) and (altered := alteration(body.head, content)) else ""
    return f"{sameness(body.size, body.sha256, content)}{how}"


def how_it_came(value: str) -> str:
    """Return in words what is wrong with a download that succeeded, by what ``whole`` says of it; empty if nothing."""
    met = re.fullmatch(r"2\d\d (?P<how>other|short|long|empty)(?: \((?P<altered>.+)\))?", value)
    if met is None:
        called = re.fullmatch(r"2\d\d called (.+)", value)
        return f"; it came as it was sent, with the label Content-Encoding: {called[1]}" if called else ""
    return f"; what came is not what was sent: {_HOW[met['how']]}" + (f", {met['altered']}" if met["altered"] else "")


def alteration(came: bytes, content: bytes) -> str:
    """Return what was done to bytes on their way, in words; empty if it is none of what is known."""
    known = (
        ("", content),
        ("all in lower case", content.lower()),
        ("http made https in it", content.replace(b"http://", b"https://")),
        ("with other line ends", content.replace(b"\n", b"\r\n")),
        ("with line ends of another kind", content.replace(b"\r\n", b"\n")),
        ("as base64", base64.b64encode(content)),
        ("in quotes as base64", b'"' + base64.b64encode(content) + b'"'),
        ("read as text, and what is none replaced", content.decode("utf-8", "replace").encode()),
    )
    packed = (("unpacked", gzip.decompress(content)),) if content.startswith(_GZIP) else ()
    cut = f"cut after {len(came)} B" if came and content.startswith(came) else ""
    return next((words for words, altered in (*known, *packed) if came == altered), cut)


def sameness(size: int, sha256: str, content: bytes) -> str:
    """Return how bytes of a size and digest compare with the content that they should be, in a word."""
    if sha256 == digest(content):
        return "whole"
    if size == len(content):
        return "other"
    if not size:
        return "empty"
    return "short" if size < len(content) else "long"


def fine(fits: Callable[[Any], bool]) -> Judge:
    """Return a judge of JSON answers: adds ``other`` to a success whose document does not fit."""

    def judge(exchange: Exchange) -> str:
        value = summarize(exchange)
        if not exchange.ok:
            return value
        try:
            return value if fits(exchange.json()) else f"{value} other"
        except (TypeError, KeyError, IndexError, AttributeError, ValueError):
            return f"{value} other"

    return judge
