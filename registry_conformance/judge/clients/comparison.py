"""Compares both sides of the proxy; this module alone lists what may differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from registry_conformance.judge.clients.witness import Headers, Passed, Witness, digested
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import Mismatch, expect_equal
from registry_conformance.judge.target.target import Door

HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"})
"""Headers that concern one link only (RFC 9110, section 7.6.1), framing aside: see ``_framed``."""

ADDED_TO_REQUEST = frozenset(
    {
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-hokusai-api-key-id",
        "x-hokusai-user-id",
        "x-request-id",
    }
)
"""Headers that the proxy writes on the way to MLflow, whatever the client sent under that name."""

CHANGED_IN_REQUEST = frozenset({"host"})
"""Headers that the proxy replaces: MLflow accepts only private host names; X-Forwarded-Host keeps the client's."""

CREDENTIALS = frozenset({"authorization", "cookie", "x-api-key"})
"""Headers that are compared by their digest: the witness keeps no credential."""

ADDED_TO_ANSWER = frozenset({"x-request-id"})
"""Headers that the proxy adds to MLflow's answer."""

REMOVED_FROM_ANSWER = frozenset({"server", "x-powered-by"})
"""Headers that the proxy takes away, for they name software."""


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A request or response on one side: its start line, headers by lower-case name, and body."""

    start: str
    headers: dict[str, str]
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """One exchange on both links: as the client saw it, and as MLflow saw it."""

    sent: RecordedMessage
    arrived: RecordedMessage
    answered: RecordedMessage
    received: RecordedMessage


def crossing(exchange: Exchange, door: Door, witness: Witness) -> Crossing:
    """Return both sides of an exchange through a door, without what may differ."""
    request, answer = witness.saw(exchange.request_id)
    target = exchange.url.removeprefix("{0.scheme}://{0.netloc}".format(urlsplit(exchange.url)))
    inner = target.removeprefix(urlsplit(door.url).path)
    may = HOP_BY_HOP | ADDED_TO_REQUEST | CHANGED_IN_REQUEST
    lost = HOP_BY_HOP | REMOVED_FROM_ANSWER | ADDED_TO_ANSWER
    body, received = exchange.request_body, exchange.response_body
    sent = RecordedMessage(f"{exchange.method} {inner}", _sent(exchange.request_headers, may), body.size, body.sha256)
    return Crossing(
        sent=sent,
        arrived=_framed(_arrived(request, request.line.removesuffix(" HTTP/1.1"), may), sent),
        answered=_arrived(answer, answer.line.split(" ")[1], lost),
        received=RecordedMessage(
            str(exchange.status), _named(exchange.response_headers, lost), received.size, received.sha256
        ),
    )


def expect_same_answer(here: Exchange, there: Exchange) -> None:
    """Expect two responses to come from the same handler.

    Compared are the status, MLflow's error code, the content type of a success, the allowed methods, and the header
    that MLflow adds to every response.
    """
    code = there.error_code
    names = ["x-frame-options"] + (["content-type"] if there.ok else [])
    same = (
        here.status == there.status
        and here.allowed == there.allowed
        and all(here.header(name) == there.header(name) for name in names)
        and (not code or here.error_code == code)
    )
    if not same:
        raise Mismatch(f"the origin's answer: {there}", f"{here}")


def expect_same_headers(here: Exchange, there: Exchange, names: Sequence[str]) -> None:
    """Expect two responses to have the same value, or none, of each of these headers."""
    expect_equal([here.header(name) for name in names], [there.header(name) for name in names], "headers")


def expect_same_answer_each(here: Iterable[Exchange], there: Exchange) -> None:
    """Expect every response to come from the handler that sent ``there``."""
    for each in here:
        expect_same_answer(each, there)


def _arrived(message: Passed, start: str, without: frozenset[str]) -> RecordedMessage:
    return RecordedMessage(start, _named(message.headers, without), message.size, message.sha256)


def _framed(arrived: RecordedMessage, sent: RecordedMessage) -> RecordedMessage:
    """Return a request's framing in comparable form.

    A chunked body that arrives complete may have a Content-Length instead (RFC 9112, section 6.1); a Content-Length
    that was sent must arrive.
    """
    told, chunked = arrived.headers.get("content-length"), sent.headers.get("transfer-encoding")
    if chunked is None or told != str(arrived.size):
        return arrived
    others = {name: value for name, value in arrived.headers.items() if name != "content-length"}
    return replace(arrived, headers=others | {"transfer-encoding": chunked})


def _sent(headers: Headers, without: frozenset[str]) -> dict[str, str]:
    hidden = [(name, digested(value) if name.lower() in CREDENTIALS else value) for name, value in headers]
    return _named(hidden, without)


def _named(headers: Headers | list[tuple[str, str]], without: frozenset[str]) -> dict[str, str]:
    """Return lower-case name -> its values in order as one list: one line or several are equivalent (RFC 9110)."""
    named: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in without:
            named.setdefault(name.lower(), []).append(value.strip())
    return {name: ",".join(values) for name, values in named.items()}
