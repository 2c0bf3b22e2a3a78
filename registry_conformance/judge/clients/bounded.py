"""Limits of one exchange, whatever the server does: total time, silence and bytes."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MIB = 1 << 20
MOST_BYTES = 64 * MIB
"""How long an answer may be if nothing longer is expected."""
MOST_OF_A_DOWNLOAD = 4096 * MIB
"""The same for the download of an artifact, which is never in memory as a whole."""
MOST_OF_A_HEAD = MIB // 4
"""How long what comes before a body may be: status line, headers, and all interim answers."""
WHOLE_SECONDS = 120.0
"""How long an exchange may take that moves little."""
EARNED_BYTES = 256 * 1024
"""Each time that so many bytes have moved, such an exchange may take a second longer."""
LEAST_BYTES = 64
"""What an answer that has begun must bring within the seconds that silence may last."""
_PIECE = 256 * 1024
NOT_FINISHED = "not finished after"
"""How it is told that the time of a whole exchange was over, whatever came of it until then."""


class OverlongError(http.client.HTTPException):
    """A response is longer than the limit."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one exchange: ``silence`` and ``whole`` in seconds, ``most`` bytes of all its responses.

    ``silence`` is the longest time without progress; a response that trickles counts as silent unless each such span
    brings ``LEAST_BYTES``. ``whole`` limits the exchange; ``None`` is ``WHOLE_SECONDS`` plus time for the bytes
    transferred.
    """

    silence: float
    whole: float | None = None
    most: int = MOST_BYTES

    def seconds(self, moved: int) -> float:
        """Return the time limit of an exchange that has transferred this many bytes."""
        return self.whole if self.whole is not None else WHOLE_SECONDS + moved / EARNED_BYTES


class Line:
    """A connected socket with limits, usable by ``http.client`` for several responses in turn.

    Raises ``TimeoutError`` or ``OverlongError`` when a limit is reached. Stays open until its owner closes it.
    """

    def __init__(self, connected: socket.socket, bounds: Bounds) -> None:
        self._socket = connected
        self._bounds = bounds
        self._began = time.monotonic()
        self._moved = self._read = self._head = 0
        self._in_head = True
        self._span_began, self._span_read = 0.0, 0
        self._reader = _Reader(_Source(self))

    def sendall(self, data: Any) -> None:
        """Send all of ``data``, in pieces that each take no longer than ``silence``."""
        whole = memoryview(data).cast("B")
        for start in range(0, len(whole), _PIECE):
            piece = whole[start : start + _PIECE]
            self._socket.settimeout(self._seconds_left())
            self._socket.sendall(piece)
            self._moved += len(piece)

    def receive_into(self, buffer: Any) -> int:
        """Read available bytes into ``buffer``; return their number, 0 at the end."""
        self._socket.settimeout(self._seconds_left())
        try:
            count = self._socket.recv_into(buffer)
        except TimeoutError:
            self._seconds_left()
            raise TimeoutError(f"nothing came for {self._bounds.silence:g} s") from None
        self._count(count)
        return count

    def makefile(self, *_: object) -> io.BufferedReader:
        """Return the one reader of this connection, which stays open after a response."""
        return self._reader

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end."""
        return self._reader.read1(size)

    def head_begins(self) -> None:
        """Note that the head of a response is read from now on."""
        self._in_head, self._head = True, 0

    def body_begins(self) -> None:
        """Note that a head is complete, and a body follows."""
        self._in_head = False

    def close(self) -> None:
        """Stay open: ``http.client`` closes it after a request, but a response may still follow."""

    def abort(self, option: bytes) -> None:
        """Set the socket's linger option before it is closed."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)

    def narrow(self, size: int) -> None:
        """Limit the receive buffer to about ``size`` bytes, so that the sender has to wait."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def ended(self) -> bool:
        """Return whether the other side has closed the connection in order; over TLS that is not looked for."""
        if isinstance(self._socket, ssl.SSLSocket):
            return False
        self._socket.setblocking(False)
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False

    def hang_up(self) -> None:
        """Close both directions at once."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def _seconds_left(self) -> float:
        """Return how long the next wait may last; raise ``TimeoutError`` after the total limit."""
        allowed = self._bounds.seconds(self._moved)
        left = self._began + allowed - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{NOT_FINISHED} {allowed:.0f} s")
        return min(self._bounds.silence, left)

    def _count(self, count: int) -> None:
        now = time.monotonic()
        self._moved += count
        self._read += count
        self._head += count if self._in_head else 0
        if self._head > MOST_OF_A_HEAD:
            raise OverlongError(f"no body after {MOST_OF_A_HEAD} bytes of status lines and headers")
        if self._read > self._bounds.most:
            raise OverlongError(f"the answer is longer than {self._bounds.most} bytes, and was not read further")
        if not self._span_began or self._span_read >= LEAST_BYTES:
            self._span_began, self._span_read = now, 0
        self._span_read += count
        if count and self._span_read < LEAST_BYTES and now - self._span_began > self._bounds.silence:
            raise TimeoutError(f"only {self._span_read} bytes came within {self._bounds.silence:g} s")


class _Source(io.RawIOBase):
    """The bytes of a connection as a raw stream."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def readable(self) -> bool:
        """Return ``True``."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read available bytes into ``buffer``."""
        return self._line.receive_into(buffer)


class _Reader(io.BufferedReader):
    """A buffered reader for all responses of a connection."""

    def close(self) -> None:
        """Stay open for the next answer."""


@contextmanager
def within(connected: socket.socket, bounds: Bounds) -> Iterator[Line]:
    """Yield a connected socket with limits; it is closed at the end of the block."""
    try:
        yield Line(connected, bounds)
    finally:
        connected.close()


@contextmanager
def connected(connection: http.client.HTTPConnection, bounds: Bounds) -> Iterator[Line]:
    """Open a connection and yield its socket; all requests on it obey the limits until the block ends."""
    connection.connect()
    with within(connection.sock, bounds) as line:
        connection.sock = line
        try:
            yield line
        finally:
            connection.close()


def read_whole(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the body of a response in pieces; raise ``IncompleteRead`` if it is shorter than announced."""
    while chunk := response.read1(_PIECE):
        yield chunk
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    response.close()  # the connection is free for the next request
