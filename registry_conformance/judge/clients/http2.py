"""HTTP/2 over a limited connection; the library ``h2`` implements the protocol."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError

from registry_conformance.judge.clients.bounded import Line

_PIECE = 64 * 1024
_ONE = 1
"""The stream of a client's first request."""


def is_spoken(line: Line) -> bool:
    """Return whether the server supports HTTP/2 by prior knowledge: its first frame is SETTINGS."""
    connection = _begun()
    line.sendall(connection.data_to_send())
    try:
        return any(isinstance(event, RemoteSettingsChanged) for event in connection.receive_data(line.recv(_PIECE)))
    except ProtocolError:
        return False


def get(line: Line, fields: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
    """Send one request without a body; return status and body of the response.

    Raises ``OSError`` or ``http.client.HTTPException`` if the connection breaks or the response is not HTTP/2.
    """
    connection = _begun()
    connection.send_headers(_ONE, [(name.lower(), value) for name, value in fields], end_stream=True)
    line.sendall(connection.data_to_send())
    status, body = 0, bytearray()
    for event in _events(connection, line):
        if isinstance(event, ResponseReceived):
            line.body_begins()
            status = next(int(value) for name, value in event.headers if name == b":status")
        elif isinstance(event, DataReceived):
            body += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, _ONE)
        elif isinstance(event, StreamEnded):
            return status, bytes(body)
        elif isinstance(event, StreamReset | ConnectionTerminated):
            raise ConnectionResetError(f"the HTTP/2 stream was ended by error {event.error_code}")
    raise ConnectionResetError("the HTTP/2 connection was closed")


def _begun() -> H2Connection:
    connection = H2Connection(H2Configuration(client_side=True))
    connection.initiate_connection()
    return connection


def _events(connection: H2Connection, line: Line) -> Iterator[Event]:
    """Yield the events of a connection until it is closed; send what the protocol requires meanwhile."""
    while received := line.recv(_PIECE):
        try:
            yield from connection.receive_data(received)
        except ProtocolError as problem:
            raise http.client.HTTPException(f"no HTTP/2: {problem or type(problem).__name__}") from problem
        if answer := connection.data_to_send():
            line.sendall(answer)
