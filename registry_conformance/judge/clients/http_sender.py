"""Raw HTTP: the request target is sent byte for byte, without redirects or retries; one record an exchange."""

from __future__ import annotations

import http.client
import json as jsonlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any, Self
from urllib.parse import urlencode, urlsplit

from registry_conformance.judge.clients.bounded import MOST_BYTES, Bounds, Line, connected, read_whole
from registry_conformance.judge.clients.forward_proxy import connection_to, proxy_headers
from registry_conformance.judge.clients.request_guard import authorize, record_answer
from registry_conformance.judge.clients.signing import Carrier, certificate_of, credential_headers
from registry_conformance.judge.clients.tls import context
from registry_conformance.judge.evidence.coding import Unpacking
from registry_conformance.judge.evidence.exchange import NO_BODY, Digest, Exchange, transport_error
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.requests import Permit
from registry_conformance.judge.target.target import Door

CHUNK = 256 * 1024
Payload = bytes | IO[bytes] | Iterable[bytes]


class _Cut(Exception):  # noqa: N818 - not an error: the sender itself stops here
    """The body was truncated where the caller wanted it."""


@dataclass(frozen=True, slots=True)
class HttpSender:
    """Sends single requests to one door with one key, each over its own connection.

    ``key`` ``None`` sends no credential. ``run`` names the run in the User-Agent, so that a deployment's logs can be
    searched by it; ``agent`` is another. ``timeout`` in seconds bounds each silence, ``deadline`` the whole exchange
    (``None``: two minutes, and longer by what is moved); ``most`` is how many bytes are read of an answer.
    """

    door: Door
    key: Credential | None = field(repr=False)
    evidence: Evidence
    run: str
    timeout: float = 30.0
    deadline: float | None = None
    most: int = MOST_BYTES
    agent: str = ""

    def with_key(self, key: Credential | None) -> Self:
        """Return the same client with another key, or with none."""
        return replace(self, key=key)

    def through(self, door: Door) -> Self:
        """Return the same client for another door."""
        return replace(self, door=door)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | str = "",
        headers: Iterable[tuple[str, str]] = (),
        json: Any = None,
        body: Payload | None = None,
        size: int | None = None,
        chunked: bool = False,
        cut_after: int | None = None,
        carrier: Carrier = "bearer",
    ) -> Exchange:
        """Send one request and return the exchange; transport errors are recorded in it, never raised.

        ``path`` is appended to the door's own path unchanged: quote it yourself. A ``body`` that is not bytes needs its
        ``size`` in bytes, or ``chunked``. ``cut_after`` announces the whole size, sends this many bytes and
        disconnects.
        """
        parts = urlsplit(self.door.url)
        encoded = query if isinstance(query, str) else urlencode(query)
        target = parts.path.rstrip("/") + path + (f"?{encoded}" if encoded else "")
        sent = list(headers)
        if json is not None:
            body = jsonlib.dumps(json).encode()
            sent.append(("Content-Type", "application/json"))
        url = f"{parts.scheme}://{parts.netloc}{target}"
        whole = body if isinstance(body, bytes) else None
        streamed = body is not None and whole is None
        proxy = self.door.network.proxy_for(url) if parts.scheme == "http" else ""
        sent += credential_headers(self.key, method, url, whole, carrier=carrier, streamed=streamed)
        sent += self.door.headers
        if all(name.lower() != "user-agent" for name, _ in sent):  # some servers refuse a request that names two
            sent.append(("User-Agent", self.agent or f"registry-conformance/{self.run}"))
        sent.extend(_framing(method, body, size, chunked=chunked))
        sent.extend(proxy_headers(proxy))
        exchange = Exchange(method, url, self.door.name, None, tuple(sent))
        permit = authorize(self.door, exchange, whole, size)
        asked = url if proxy else target
        met = self._perform(permit, exchange, asked, body, chunked=chunked, cut_after=cut_after)
        record_answer(self.door, met, (whole or b"") if met.unsent else None)
        return self.evidence.exchange(met)

    def _perform(
        self,
        permit: Permit,
        exchange: Exchange,
        target: str,
        body: Payload | None,
        *,
        chunked: bool,
        cut_after: int | None,
    ) -> Exchange:
        began, started = time.time(), time.monotonic()
        moments: list[float] = []
        up, down, read, unpacking = Digest(), Digest(), Digest(), Unpacking("")
        status: int | None = None
        headers: tuple[tuple[str, str], ...] = ()
        error = ""
        connection = self.connection(permit)
        try:
            with connected(connection, self.bounds) as line:
                moments.append(time.monotonic() - started)
                connection.putrequest(exchange.method, target, skip_accept_encoding=True)
                for name, value in exchange.request_headers:
                    connection.putheader(name, value)
                connection.endheaders()
                transmit(line, body, up, chunked=chunked, cut_after=cut_after)
                moments.append(time.monotonic() - started)
                response = connection.getresponse()
                line.body_begins()
                moments.append(time.monotonic() - started)
                status, headers = response.status, tuple(response.getheaders())
                unpacking = Unpacking(response.getheader("content-encoding", ""))
                for chunk in read_whole(response):
                    down.update(chunk)
                    for part in unpacking.parts(chunk):
                        read.update(part)
        except _Cut:
            error = "reset: this client hung up, as asked"
        except (OSError, http.client.HTTPException, ValueError) as problem:
            error = transport_error(problem)
        return replace(
            exchange,
            status=status,
            request_body=up.body() if body is not None else NO_BODY,
            response_headers=headers,
            response_body=down.body(),
            seconds=time.monotonic() - started,
            started=began,
            moments=tuple(moments),
            error=error,
            unpacked_body=read.body() if unpacking.whole else None,
            unsent=not moments,
        )

    @property
    def bounds(self) -> Bounds:
        """The limits of an exchange."""
        return Bounds(min(self.timeout, self.door.patience), self.deadline, self.most)

    def connection(self, permit: Permit) -> http.client.HTTPConnection:
        """Return a new connection object for the door, not yet open."""
        secured = urlsplit(self.door.url).scheme == "https"
        trusting = context(self.door, certificate_of(self.key)) if secured else None
        return connection_to(permit, self.door, self.bounds.silence, trusting)


def client_agent(run: str) -> str:
    """Return a User-Agent that starts like the MLflow client's, so that filters treat both alike."""
    return f"mlflow-python-client/3.17.2 (registry-conformance/{run})"


def _framing(method: str, body: Payload | None, size: int | None, *, chunked: bool) -> list[tuple[str, str]]:
    if chunked:
        return [("Transfer-Encoding", "chunked")]
    if body is None:
        return [("Content-Length", "0")] if method in ("POST", "PUT", "PATCH") else []
    if isinstance(body, bytes):
        size = len(body)
    if size is None:
        raise TypeError("a body that is not bytes needs its size, or chunked=True")
    return [("Content-Length", str(size))]


def _chunks(body: Payload) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
    elif hasattr(body, "read"):
        while chunk := body.read(CHUNK):
            yield chunk
    else:
        yield from body


def transmit(line: Line, body: Payload | None, up: Digest, *, chunked: bool, cut_after: int | None) -> None:
    """Send the body; if an early response closes our sending side, the caller reads that response."""
    try:
        for piece in _chunks(body) if body is not None else ():
            kept = piece if cut_after is None else piece[: cut_after - up.size]
            if kept:
                line.sendall(b"%x\r\n%b\r\n" % (len(kept), kept) if chunked else kept)
                up.update(kept)
            if cut_after is not None and up.size >= cut_after:
                line.hang_up()  # without reading an answer, as a client that dies does
                raise _Cut
        if chunked:
            line.sendall(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        return
