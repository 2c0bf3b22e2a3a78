"""Harm done by the form of an answer: its length, its pace, its framing, and where it sends a client."""

from __future__ import annotations

import gzip
import io
import itertools
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from tests.doubles.hostile_request import Asked, respond

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_MIB = b"x" * (1 << 20)
_PAUSE = 0.02
Behaviour = Callable[[socket.socket, Asked], None]


def _send(*pieces: bytes) -> Behaviour:
    """Send these bytes and close."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        del asked
        for piece in pieces:
            connection.sendall(piece)

    return behave


def _forever(head: bytes, piece: bytes) -> Behaviour:
    """Send a head, then the same piece until the client has gone."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        del asked
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return behave


def _slowly(head: bytes, drops: Callable[[], Iterable[bytes]]) -> Behaviour:
    """Send a head at once, and the rest byte by byte."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        del asked
        connection.sendall(head)
        for drop in drops():
            connection.sendall(drop)
            time.sleep(_PAUSE)

    return behave


def _redirect(status: str, location: Callable[[Asked], str]) -> Behaviour:
    def behave(connection: socket.socket, asked: Asked) -> None:
        respond(connection, b"", f"Location: {location(asked)}", status=status)

    return behave


def _elsewhere(asked: Asked) -> str:
    return asked.elsewhere + asked.target


@cache
def _bomb() -> bytes:
    """Return a few KiB that unpack to 64 MiB."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    return gzip.compress(packed.getvalue())


def _gzip_bomb(connection: socket.socket, asked: Asked) -> None:
    del asked
    respond(connection, _bomb(), "Content-Encoding: gzip, gzip")


def _silence(connection: socket.socket, asked: Asked) -> None:
    del asked
    while connection.recv(65536):
        pass


BEHAVIOURS: Mapping[str, Behaviour] = {
    "302 to another host": _redirect("302 Found", _elsewhere),
    "307 to another host": _redirect("307 Temporary Redirect", _elsewhere),
    "308 to another host": _redirect("308 Permanent Redirect", _elsewhere),
    "a redirect to itself": _redirect("302 Found", lambda asked: asked.target),
    "a redirect to a file": _redirect("302 Found", lambda _: "file:///etc/passwd"),
    "a redirect to nowhere": _redirect("302 Found", lambda _: "http://[::"),
    "an endless body": _forever(_HEAD + b"Connection: close\r\n\r\n", _MIB),
    "endless chunks": _forever(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + _MIB + b"\r\n"),
    "a length of a petabyte, all of it sent": _forever(_HEAD + b"Content-Length: 1125899906842624\r\n\r\n", _MIB),
    "a length of a petabyte, cut": _send(_HEAD + b"Content-Length: 1125899906842624\r\n\r\n{}"),
    "a length of 10,000 digits": _send(_HEAD + b"Content-Length: " + b"9" * 10_000 + b"\r\n\r\n{}"),
    "a negative length": _send(_HEAD + b"Content-Length: -5\r\n\r\n{}"),
    "a body shorter than its length": _send(_HEAD + b"Content-Length: 50\r\n\r\n{}"),
    "a body longer than its length": _send(_HEAD + b"Content-Length: 2\r\n\r\n{}" + _MIB),
    "endless headers": _forever(_HEAD, b"X-More: " + b"x" * 1000 + b"\r\n"),
    "150 headers": _send(_HEAD + b"X-More: 1\r\n" * 150 + b"Content-Length: 2\r\n\r\n{}"),
    "a header of 8 MiB": _send(_HEAD + b"X-Huge: ", *[_MIB] * 8, b"\r\nContent-Length: 2\r\n\r\n{}"),
    "an endless status line": _forever(b"HTTP/1.1 200 ", b"x" * 65536),
    "a head byte by byte": _slowly(b"", lambda: (bytes([one]) for one in itertools.cycle(_HEAD[:-2] + b"y"))),
    "a body byte by byte": _slowly(_HEAD + b"Connection: close\r\n\r\n", lambda: itertools.repeat(b" ")),
    "silence": _silence,
    "an early close": _send(b""),
    "a close amid the head": _send(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "noise": _send(bytes(range(256)) * 64),
    "a page without a head": _send(b"<html><body>It works!</body></html>"),
    "100 Continue without end": _forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints without end": _forever(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "101 to another protocol": _send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + bytes(100)),
    "a gzip bomb": _gzip_bomb,
    "gzip that is none": lambda connection, _: respond(connection, b"{}", "Content-Encoding: gzip"),
    "chunks of garbage": _send(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "chunks of a negative size": _send(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n"),
    "a chunk of an exabyte": _send(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n{}"),
    "two lengths that differ": _send(_HEAD + b"Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}"),
    "zero bytes in the head": _send(b"HTTP/1.1 200 O\0K\r\nX-\0: \0\r\nContent-Length: 2\r\n\r\n{}"),
    "a status of ten digits": _send(b"HTTP/1.1 2000000000 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "cookies without number": _send(_HEAD + b"Set-Cookie: a=b; Path=/\r\n" * 90 + b"Content-Length: 2\r\n\r\n{}"),
}
"""Name -> what is done to each request."""
