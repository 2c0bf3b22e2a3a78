"""MLflow by raw HTTP over a keep-alive connection, as real clients use it."""

from __future__ import annotations

import http.client
import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import cast

from registry_conformance.judge.clients.bounded import Line, read_whole
from registry_conformance.judge.clients.http_sender import Payload, transmit
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import NO_BODY, Digest, Exchange, transport_error
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.requests import Permit


class NoEvidence(Evidence):
    """Discards what is observed: a load has its own history, and may be long."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def object(self, key: str, size: int, sha256: str) -> None:
        """Do nothing."""

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return the exchange."""
        return exchange


@dataclass(slots=True)
class KeptConnection:
    """A client's open connection, ``None`` before the first request and after it broke."""

    connection: http.client.HTTPConnection | None = None
    plain: socket.socket | None = None

    def take(self, connection: http.client.HTTPConnection) -> None:
        """Keep a newly opened connection."""
        self.connection, self.plain = connection, connection.sock

    def usable(self) -> http.client.HTTPConnection | None:
        """Return the connection if it is open and idle: a readable one has been closed by the server."""
        if self.plain is not None and select.select([self.plain], [], [], 0)[0]:
            self.drop()
        return self.connection

    def drop(self) -> None:
        """Close the connection."""
        for each in (self.connection, self.plain):
            if each is not None:
                each.close()
        self.connection = self.plain = None


@dataclass(frozen=True, slots=True)
class KeptMlflow(MlflowHttp):
    """MLflow through one door; requests share a connection as long as it lasts."""

    held: KeptConnection = field(default_factory=KeptConnection, compare=False)

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
        up, down = Digest(), Digest()
        status: int | None = None
        headers: tuple[tuple[str, str], ...] = ()
        error = ""
        try:
            connection = self._opened(permit)
            line = Line(cast(socket.socket, self.held.plain), self.bounds)
            connection.sock = line
            connection.putrequest(exchange.method, target, skip_accept_encoding=True)
            for name, value in exchange.request_headers:
                connection.putheader(name, value)
            connection.endheaders()
            transmit(line, body, up, chunked=chunked, cut_after=cut_after)
            response = connection.getresponse()
            line.body_begins()
            status, headers = response.status, tuple(response.getheaders())
            for chunk in read_whole(response):
                down.update(chunk)
            if response.will_close:
                self.held.drop()
        except (OSError, http.client.HTTPException, ValueError) as problem:
            error = transport_error(problem)
            self.held.drop()
        except BaseException:  # the user is ended in the middle of a request
            self.held.drop()
            raise
        return replace(
            exchange,
            status=status,
            request_body=up.body() if body is not None else NO_BODY,
            response_headers=headers,
            response_body=down.body(),
            seconds=time.monotonic() - started,
            started=began,
            error=error,
        )

    def _opened(self, permit: Permit) -> http.client.HTTPConnection:
        kept = self.held.usable()
        if kept is None:
            kept = self.connection(permit)
            kept.connect()
            self.held.take(kept)
        return kept


_PIECE = 256 * 1024


def content(mark: str, size: int) -> Iterable[bytes]:
    """Yield ``size`` bytes, unique for each mark, in pieces."""
    head = mark.encode().ljust(64, b".")[:64]
    left = size
    piece = (head * (_PIECE // len(head)))[:_PIECE]
    while left > 0:
        yield piece[:left]
        left -= min(left, len(piece))
