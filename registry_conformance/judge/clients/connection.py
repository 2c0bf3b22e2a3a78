"""Several requests on one connection to a door."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from registry_conformance.judge.clients import http2
from registry_conformance.judge.clients.bounded import Bounds, Line, read_whole, within
from registry_conformance.judge.clients.lives import Answer, Ask, Request
from registry_conformance.judge.clients.request_guard import authorize, authorize_connection
from registry_conformance.judge.clients.signing import certificate_of, credential_headers
from registry_conformance.judge.clients.tls import connect
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.requests import Permit
from registry_conformance.judge.target.target import Door

_DEADLINE = 60.0
"""Seconds that one connection may last, plus time for the bytes transferred."""

_KEEP_ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""The MLflow client's options for connections (MLFLOW_HTTP_TCP_KEEPALIVE_IDLE and others); some systems lack some."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Opens connections to one door.

    Raises ``OSError`` or ``http.client.HTTPException`` if a connection breaks; checks take that as the failure. Each
    ends after it ``lasts`` so many seconds. ``keep_alive`` has the system ask now and then whether the other side is
    there, as the MLflow client has it.
    """

    door: Door
    evidence: Evidence
    lasts: float = _DEADLINE
    keep_alive: bool = False

    def in_turn(self, requests: Sequence[tuple[str, Credential | None]]) -> list[int]:
        """GET each (path, key) on one connection, one after the other; return the statuses.

        If the server closes the connection, the next request raises.
        """
        connection = http.client.HTTPConnection(self._authority)
        connection.auto_open = False
        statuses: list[int] = []
        permit = self._authorize(requests[0][0])
        with self._line(permit, keys=[key for _, key in requests]) as line:
            connection.sock = cast(socket.socket, line)
            for path, key in requests:
                if statuses:
                    self._authorize(path)
                connection.request("GET", self._prefix + path, headers=self._headers(path, key))
                line.head_begins()
                response = connection.getresponse()
                line.body_begins()
                for _ in read_whole(response):
                    pass
                statuses.append(response.status)
        self.evidence.note(f"{len(statuses)} requests on one connection at {self.door.name}: {statuses}")
        return statuses

    @contextmanager
    def kept(self, credential: Credential | None) -> Iterator[Ask]:
        """Yield a function that sends a request on this one connection and returns its answer.

        It raises ``NotAllowed`` if the server has closed the connection in order, as it may after any answer.
        """
        connection = http.client.HTTPConnection(self._authority)
        connection.auto_open = False
        with self._line(self._authorize("/"), keys=[credential]) as line:
            connection.sock = cast(socket.socket, line)

            def ask(request: Request) -> Answer:
                self._authorize(request.path, request.method)
                if connection.sock is None or line.ended():
                    raise NotAllowed("a connection that goes on", "the server closed it after an answer, in order")
                headers = self._headers(request.path, credential, request.method) | dict(request.headers)
                connection.request(request.method, self._prefix + request.path, request.body, headers)
                line.head_begins()
                response = connection.getresponse()
                line.body_begins()
                return Answer(response.status, b"".join(read_whole(response)))

            yield ask

    def at_once(self, requests: Sequence[tuple[str, Credential | None]]) -> list[tuple[int, bytes]]:
        """GET each (path, key) on one connection by pipelining; return status and body of each response in order."""
        permits = [self._authorize(path) for path, _ in requests]
        with self._line(permits[0], keys=[key for _, key in requests]) as line:
            line.sendall(b"".join(self._spelled(path, key) for path, key in requests))
            answers = []
            for _ in requests:
                response = http.client.HTTPResponse(cast(socket.socket, line), method="GET")
                line.head_begins()
                response.begin()
                line.body_begins()
                answers.append((response.status, b"".join(read_whole(response))))
        self.evidence.note(f"{len(answers)} pipelined requests at {self.door.name}: {[each for each, _ in answers]}")
        return answers

    def speaks_http2(self) -> bool:
        """Return whether the door supports HTTP/2: by ALPN with TLS, otherwise by prior knowledge (RFC 9113, 3)."""
        with self._opened(authorize_connection(self.door), "h2") as opened:
            if isinstance(opened, ssl.SSLSocket):
                return opened.selected_alpn_protocol() == "h2"
            return http2.is_spoken(Line(opened, self._bounds))

    def over_http2(self, path: str, key: Credential | None = None) -> tuple[bool, bytes]:
        """GET over HTTP/2, one stream; return whether the status is 200, and the body."""
        fields = [(":method", "GET"), (":scheme", urlsplit(self.door.url).scheme), (":authority", self._authority)]
        fields += [(":path", self._prefix + path), *credential_headers(key, "GET", self._url(path))]
        fields += [(name.lower(), value) for name, value in self.door.headers]  # RFC 9113, 8.2
        permit = self._authorize(path)
        with self._line(permit, "h2", keys=[key]) as line:
            status, body = http2.get(line, fields)
        self.evidence.note(f"GET {path} over HTTP/2 at {self.door.name}: {status}, {len(body)} B")
        return status == HTTPStatus.OK, body

    def _authorize(self, path: str, method: str = "GET") -> Permit:
        return authorize(self.door, Exchange(method, f"{self.door.url}{path}", self.door.name, None), None, None)

    def _opened(self, permit: Permit, *offers: str, keys: Sequence[Credential | None] = ()) -> socket.socket:
        shown = next((files for key in keys if (files := certificate_of(key))), None)
        opened = connect(permit, self.door, self.door.patience, offers, certificate=shown)
        if self.keep_alive:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEP_ALIVE:
                if option := getattr(socket, name, None):
                    opened.setsockopt(socket.IPPROTO_TCP, option, value)
        return opened

    def _line(
        self, permit: Permit, *offers: str, keys: Sequence[Credential | None] = ()
    ) -> AbstractContextManager[Line]:
        return within(self._opened(permit, *offers, keys=keys), self._bounds)

    @property
    def _bounds(self) -> Bounds:
        return Bounds(self.door.patience, self.lasts)

    @property
    def _authority(self) -> str:
        """Host and port; the scheme's default port is left out."""
        return urlsplit(self.door.url).netloc

    def _url(self, path: str) -> str:
        parts = urlsplit(self.door.url)
        return f"{parts.scheme}://{parts.netloc}{self._prefix}{path}"

    def _headers(self, path: str, key: Credential | None, method: str = "GET") -> dict[str, str]:
        return {
            "Host": self._authority,
            **dict(credential_headers(key, method, self._url(path))),
            **dict(self.door.headers),
        }

    @property
    def _prefix(self) -> str:
        return urlsplit(self.door.url).path.rstrip("/")

    def _spelled(self, path: str, key: Credential | None) -> bytes:
        fields = self._headers(path, key)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"GET {self._prefix}{path} HTTP/1.1\r\n{head}\r\n".encode()
