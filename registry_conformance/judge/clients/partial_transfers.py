"""Interrupted exchanges: uploads with ``Expect: 100-continue``, slow uploads, abandoned downloads."""

from __future__ import annotations

import http.client
import re
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import BufferedReader
from urllib.parse import urlsplit

from registry_conformance.judge.clients.bounded import Line, connected
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.request_guard import authorize, record_answer
from registry_conformance.judge.clients.signing import credential_headers
from registry_conformance.judge.evidence.exchange import Body, Digest, Exchange, transport_error

_PIECES_A_SECOND = 10
_ABORT = struct.pack("ii", 1, 0)
"""Linger of no seconds: closing resets the connection, as a killed client does."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The result of an upload with ``Expect: 100-continue``.

    ``status`` is the final response's, ``None`` if there was none, with ``error`` as the reason; ``told_to_go_on`` is
    whether 100 came before it; ``sent`` counts the sent bytes of the body.
    """

    status: int | None
    told_to_go_on: bool
    sent: int
    error: str = ""


def ask_first(wire: MlflowHttp, at: str, name: str, payload: bytes) -> Asked:
    """Upload an artifact with ``Expect: 100-continue``."""
    told = False
    status, error = None, ""
    headers = {"Content-Length": str(len(payload)), "Expect": "100-continue"}
    with _asking(wire, "PUT", wire.artifact_route(at, name), headers) as (_, line):
        answers = line.makefile()
        try:
            status = _status(answers)
            if told := status == 100:
                line.sendall(payload)
                status = _final_status(answers)
        except (OSError, http.client.HTTPException) as problem:
            status, error = None, transport_error(problem)
    asked = Asked(status, told, len(payload) if told else 0, error)
    wire.evidence.note(f"PUT {name} with Expect: 100-continue → {asked}")
    return asked


def announce(wire: MlflowHttp, at: str, name: str, size: int) -> Asked:
    """Announce an upload with ``Expect: 100-continue``; disconnect at 100, so that no body is sent."""
    status, error = None, ""
    headers = {"Content-Length": str(size), "Expect": "100-continue"}
    with _asking(wire, "PUT", wire.artifact_route(at, name), headers, sends=0) as (_, line):
        try:
            status = _status(line.makefile())
        except (OSError, http.client.HTTPException) as problem:
            error = transport_error(problem)
        with suppress(OSError):  # the server may have ended it before us
            line.abort(_ABORT)
    told = status == 100
    asked = Asked(None if told else status, told, 0, error)
    wire.evidence.note(f"PUT {name} that announces {size} B with Expect: 100-continue → {asked}")
    return asked


def hang_up_reading(wire: MlflowHttp, at: str, name: str, after: int) -> int:
    """Start a download and reset the connection after ``after`` bytes of the body; return the bytes received."""
    with _asking(wire, "GET", wire.artifact_route(at, name), {}) as (connection, line):
        response = connection.getresponse()
        line.body_begins()
        came = len(response.read(after))
        with suppress(OSError):  # the server may have ended it before us
            line.abort(_ABORT)
        wire.evidence.note(f"GET {name} → {response.status}, given up after {came} B")
        response.close()
    return came


def read_slowly(wire: MlflowHttp, at: str, name: str, rate: float) -> Body:
    """Download an artifact at ``rate`` bytes per second; return what arrived before the end or a disconnect."""
    came, status, error = Digest(), None, ""
    piece = max(1, int(rate / _PIECES_A_SECOND))
    with _asking(wire, "GET", wire.artifact_route(at, name), {}) as (connection, line):
        line.narrow(piece)
        began = time.monotonic()
        try:
            response = connection.getresponse()
            status = response.status
            line.body_begins()
            while chunk := response.read(piece):
                came.update(chunk)
                time.sleep(max(0.0, began + came.size / rate - time.monotonic()))
        except (OSError, http.client.HTTPException) as problem:
            error = f", {transport_error(problem)}"
    body = came.body()
    wire.evidence.note(f"GET {name} at {rate / 1000:.0f} KB/s → {status}, {body.size} B{error}")
    return body


@contextmanager
def half_sent(wire: MlflowHttp, method: str, path: str, document: bytes) -> Iterator[None]:
    """Send half of a JSON document, run the block, then send the other half."""
    half, status = len(document) // 2, "no answer"
    headers = {"Content-Length": str(len(document)), "Content-Type": "application/json"}
    with _asking(wire, method, path, headers) as (_, line):
        line.sendall(document[:half])
        yield
        with suppress(OSError, http.client.HTTPException):  # that it stood half-way is all that it is for
            line.sendall(document[half:])
            status = str(_status(line.makefile()))
    wire.evidence.note(f"{method} {path}, its halves apart → {status}")


@contextmanager
def under_way(wire: MlflowHttp, at: str, name: str, payload: bytes) -> Iterator[None]:
    """Send half of an upload, run the block, then send the other half."""
    half, status = len(payload) // 2, "no answer"
    headers = {"Content-Length": str(len(payload))}
    with _asking(wire, "PUT", wire.artifact_route(at, name), headers) as (_, line):
        line.sendall(payload[:half])
        yield
        with suppress(OSError, http.client.HTTPException):  # the result is seen in the store
            line.sendall(payload[half:])
            status = str(_status(line.makefile()))
    wire.evidence.note(f"PUT {name}, its halves apart → {status}")


@contextmanager
def _asking(
    wire: MlflowHttp, method: str, path: str, headers: Mapping[str, str], sends: int | None = None
) -> Iterator[tuple[http.client.HTTPConnection, Line]]:
    """Yield a connection on which the head of a request was sent, and its limited socket.

    ``sends`` is the most bytes of the body that will be sent, ``None`` for all that the head announces.
    """
    about = Exchange(method, f"{wire.door.url}{path}", wire.door.name, None)
    announced = int(headers.get("Content-Length", "0"))
    permit = authorize(wire.door, about, None, announced if sends is None else sends)
    connection = wire.connection(permit)
    with connected(connection, wire.bounds) as line:
        connection.putrequest(method, urlsplit(wire.door.url).path.rstrip("/") + path, skip_accept_encoding=True)
        for header, value in credential_headers(wire.key, method, about.url, streamed=True):
            connection.putheader(header, value)
        for header, value in (*wire.door.headers, *headers.items()):
            connection.putheader(header, value)
        connection.endheaders()
        record_answer(wire.door, replace(about, error="protocol: under way"))
        yield connection, line


def _final_status(answers: BufferedReader) -> int:
    """Return the status of the final response; any number of interim ones may precede it (RFC 9110, 15.2)."""
    while (status := _status(answers)) < 200:
        pass
    return status


def _status(answers: BufferedReader) -> int:
    """Return the status of the next response, read to the end of its head."""
    first = answers.readline()
    if not first:
        raise http.client.RemoteDisconnected("the connection was closed before an answer")
    if not (code := re.match(rb"HTTP/1\.[01] (\d{3})\b", first)):
        raise http.client.BadStatusLine(first[:100].decode("latin-1"))
    http.client.parse_headers(answers)
    return int(code[1])
