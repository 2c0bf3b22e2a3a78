"""The SDK's direct requests to the store with its own credentials: recorded and authorized like all others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from registry_conformance.judge.clients.library_requests import body_of, headers_of, root_cause
from registry_conformance.judge.evidence.exchange import Body, Exchange, transport_error
from registry_conformance.judge.target.requests import Permit

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

_SIGNED = "AWS4-"


def signed(exchange: Exchange) -> bool:
    """Return whether a request to the store used the client's own credentials."""
    return any(
        name.lower() == "authorization" and value.startswith(_SIGNED) for name, value in exchange.request_headers
    )


def put_below(location: str, exchanges: Iterable[Exchange]) -> dict[str, Body]:
    """Return path below an ``s3://`` location -> content, for each upload that the store accepted."""
    marker, found = f"/{urlsplit(location).path.strip('/')}/", {}
    for exchange in exchanges:
        path = unquote(urlsplit(exchange.url).path)
        if exchange.method == "PUT" and exchange.ok and signed(exchange) and marker in path:
            found[path.partition(marker)[2]] = exchange.request_body
    return found


@contextmanager
def recording_store(record: Callable[[Exchange], None], ask: Callable[[str, str, Body], Permit]) -> Iterator[None]:
    """Pass every exchange with the store to ``record`` while active; ``ask`` authorizes each before it is sent."""
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415 - only a client with credentials needs it

    original = URLLib3Session.send

    def send(session: URLLib3Session, request: Any) -> AWSResponse:
        body = _content(request.body)
        permit = ask(request.method, request.url, body)
        began, started = time.time(), time.monotonic()
        met: dict[str, Any] = {"status": None}
        try:
            with permit:
                answer = original(session, request)
            read = Body(int(answer.headers.get("Content-Length", 0)), "")
            met = {
                "status": answer.status_code,
                "response_headers": headers_of(answer.headers.items()),
                "response_body": read if request.stream_output else Body.of([answer.content]),
            }
        except Exception as problem:
            met["error"] = transport_error(root_cause(problem))
            raise
        finally:
            seconds = time.monotonic() - started
            sent = headers_of(request.headers.items())
            told = {"request_headers": sent, "request_body": body, "seconds": seconds, "started": began, **met}
            record(Exchange(request.method, request.url, "", **told))
        return answer

    URLLib3Session.send = send  # type: ignore[method-assign, assignment]  # the one place that all of boto's requests pass
    try:
        yield
    finally:
        URLLib3Session.send = original  # type: ignore[method-assign]  # put back


def _content(body: Any) -> Body:
    """Return the uploaded content without the chunk framing and checksum that boto may add."""
    return body_of(getattr(body, "_raw", body))
