"""HTTP/2 takes any key, and its authority has the port (kind: a length that was assumed)."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import pytest

from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door
from tests.http_servers import echo, raw

LENGTHS = (1, 119, 120, 127, 128, 249, 300, 4000)


class Http2:
    """A server of HTTP/2 by prior knowledge: answers each request with 200, and keeps the headers that came."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []

    def answer(self, line: socket.socket) -> None:
        """Serve one connection until its client hangs up."""
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        line.sendall(connection.data_to_send())
        while data := line.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.requests.append({str(name): str(value) for name, value in event.headers})
                    connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/plain")])
                    connection.send_data(event.stream_id, b"OK", end_stream=True)
            line.sendall(connection.data_to_send())


def at(url: str) -> Connection:
    """Return connections to a door under a prefix."""
    return Connection(Door("given", f"{url}/prefix", 5), Evidence())


def test_key_of_any_length_arrives_whole() -> None:
    """A key of any length arrives as it is over HTTP/2."""
    server = Http2()
    with raw(server.answer) as url:
        answers = [at(url).over_http2("/health", "k" * length) for length in LENGTHS]

    assert answers == [(True, b"OK")] * len(LENGTHS)
    assert [request["authorization"] for request in server.requests] == [f"Bearer {'k' * length}" for length in LENGTHS]


def test_authority_has_the_port_and_the_path_its_prefix() -> None:
    """The authority of a request names the door's port, its path the door's own."""
    server = Http2()
    with raw(server.answer) as url:
        at(url).over_http2("/health?a=1")

    request = server.requests[0]
    assert (request[":authority"], request[":path"]) == (urlsplit(url).netloc, "/prefix/health?a=1")


def test_http2_is_seen_where_it_is() -> None:
    """A server of HTTP/2 is seen to be one."""
    with raw(Http2().answer) as url:
        assert at(url).speaks_http2()


def test_connection_that_breaks_is_the_breach() -> None:
    """A server that speaks no HTTP/2 is told by the exception of a connection that breaks."""
    with echo() as url, pytest.raises((OSError, http.client.HTTPException), match="HTTP/2"):
        at(url).over_http2("/health")
