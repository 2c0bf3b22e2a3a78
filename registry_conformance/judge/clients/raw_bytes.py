"""Requests byte for byte over a plain socket, including ones that HTTP libraries reject or correct."""

from __future__ import annotations

import contextlib
import http.client
import json as jsonlib
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast
from urllib.parse import urlsplit

from registry_conformance.judge.clients.bounded import Bounds, Line, read_whole, within
from registry_conformance.judge.clients.request_guard import authorize, record_answer
from registry_conformance.judge.clients.signing import CARRIERS, Carrier, certificate_of, credential_headers
from registry_conformance.judge.clients.tls import connect
from registry_conformance.judge.evidence.exchange import Body, Exchange, transport_error
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.requests import Permit
from registry_conformance.judge.target.target import Door

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Raw:
    """Sends requests byte for byte to one door with one key, each over its own connection.

    Text is encoded as UTF-8. ``key`` ``None`` sends no credential. ``timeout`` in seconds limits each silence,
    ``deadline`` the whole exchange.
    """

    door: Door
    key: Credential | None = field(repr=False)
    evidence: Evidence
    run: str
    timeout: float = 10.0
    deadline: float = 60.0

    def with_key(self, key: Credential | None) -> Self:
        """Return the same client with another key, or with none."""
        return replace(self, key=key)

    def at(self, path: str) -> str:
        """Return a request target for a path behind this door."""
        return urlsplit(self.door.url).path.rstrip("/") + path

    def absolute(self, path: str, authority: str = "") -> str:
        """Return an absolute-form request target for a path behind this door, with its authority or another."""
        parts = urlsplit(self.door.url)
        return f"{parts.scheme}://{authority or parts.netloc}{self.at(path)}"

    @property
    def _root(self) -> str:
        parts = urlsplit(self.door.url)
        return f"{parts.scheme}://{parts.netloc}"

    def _url(self, target: str) -> str:
        """Return the URL of a request target, which already contains the door's path."""
        if target.startswith(("http://", "https://")):
            return target
        return f"{self._root}{'' if target.startswith('/') else '/'}{target}"

    def spell(self, method: str, target: str, *, headers: Headers = (), body: bytes = b"") -> bytes:
        """Return a request as bytes, with exactly these headers after ``Host``."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {urlsplit(self.door.url).netloc}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Headers = (),
        json: Any = None,
        framed: tuple[Headers, bytes] | None = None,
    ) -> Exchange:
        """Send one request and return the first response on the connection; errors are recorded in the exchange.

        ``target`` is sent unchanged. ``framed`` supplies framing headers and the bytes after the head; then a final
        request follows on the connection, so that a server that waits for a body gets one and the connection ends.
        """
        sent = list(headers)
        content = jsonlib.dumps(json).encode() if json is not None else b""
        url = self._url(target)
        sent += credential_headers(self.key, method, url, framed[1] if framed is not None else content)
        sent += self.door.headers
        sent.append(("User-Agent", f"registry-conformance/{self.run}"))
        body, after = content, b""
        if framed is not None:
            body = framed[1]
            sent += [("Content-Type", "application/json"), *framed[0]]
            after = self.spell("GET", self.at("/health"), headers=[("Connection", "close")])
        elif json is not None:
            sent += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if framed is None and not any(name.lower() == "connection" for name, _ in sent):
            sent.append(("Connection", "close"))
        whole = self.spell(method, target, headers=sent, body=body) + after
        exchange = Exchange(method, url, self.door.name, None, tuple(sent), Body.of([body]))
        permit = authorize(self.door, exchange, body, len(body))
        met = self._perform(permit, exchange, whole, to_the_end=framed is not None)
        record_answer(self.door, met)
        return self.evidence.exchange(met)

    def offer(self, carrier: Carrier, *values: str, headers: Headers = ()) -> Exchange:
        """Search for one experiment with these keys in a carrier, one header each, and no other credential."""
        name, form = CARRIERS[carrier]
        offered = [(name, form.format(value)) for value in values]
        return self.with_key(None).send(
            "GET", self.at("/api/2.0/mlflow/experiments/search?max_results=1"), headers=[*headers, *offered]
        )

    def _perform(self, permit: Permit, exchange: Exchange, whole: bytes, *, to_the_end: bool) -> Exchange:
        began, started = time.time(), time.monotonic()
        answers: list[tuple[http.client.HTTPResponse, Body]] = []
        bounds = Bounds(min(self.timeout, self.door.patience), self.deadline)
        error = ""
        try:
            shown = certificate_of(self.key)
            with within(connect(permit, self.door, bounds.silence, certificate=shown), bounds) as line:
                # An early refusal may close our side; its answer is there all the same.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    line.sendall(whole)
                for answer in _answers(line, exchange.method):
                    answers.append(answer)
                    if not to_the_end:
                        break
        except (OSError, http.client.HTTPException, ValueError) as problem:
            error = transport_error(problem)
        exchange = replace(exchange, seconds=time.monotonic() - started, started=began)
        if not answers:
            return replace(exchange, error=error or "reset: closed without an answer")
        if to_the_end:
            self.evidence.note(f"answers on one connection: {[answer.status for answer, _ in answers]}")
        first, content = answers[0]
        headers = tuple(first.getheaders())
        return replace(exchange, status=first.status, response_headers=headers, response_body=content)


def _answers(line: Line, method: str) -> Iterator[tuple[http.client.HTTPResponse, Body]]:
    """Yield each response with its body, until the last one or the end of the connection."""
    while True:
        answer = http.client.HTTPResponse(cast(socket.socket, line), method=method)
        line.head_begins()
        try:
            answer.begin()
        except http.client.RemoteDisconnected:
            return
        line.body_begins()
        yield answer, Body.of(read_whole(answer))
        if answer.will_close:
            return
