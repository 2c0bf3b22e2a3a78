"""A server that means harm: it answers every request by one behaviour, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.doubles import hostile_content, hostile_transport
from tests.doubles.hostile_request import Asked, read_request

Behaviour = Callable[[socket.socket, Asked], None]
BEHAVIOURS: Mapping[str, Behaviour] = {**hostile_transport.BEHAVIOURS, **hostile_content.BEHAVIOURS}
"""Name -> what is done to a request."""


@dataclass
class Hostile:
    """A running server: its ``url``, every request it got, and ``elsewhere``, the address of another host that it
    sends clients to, with what came there."""

    url: str
    elsewhere: str
    asked: list[Asked] = field(default_factory=list)
    strayed: list[Asked] = field(default_factory=list)


@contextmanager
def hostile(name: str) -> Iterator[Hostile]:
    """Serve one behaviour on loopback, and the host that it points to on another address of this machine."""
    behaviour = BEHAVIOURS[name]
    listener, trap = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.2", 0))
    server = Hostile(_address(listener), _address(trap))

    def stray(connection: socket.socket, asked: Asked) -> None:
        server.strayed.append(asked)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

    def answer(connection: socket.socket, asked: Asked) -> None:
        server.asked.append(asked)
        behaviour(connection, asked)

    for place, what in ((listener, answer), (trap, stray)):
        threading.Thread(target=_accept, args=(place, what, server), daemon=True).start()
    try:
        yield server
    finally:
        for place in (listener, trap):
            with contextlib.suppress(OSError):
                place.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
            place.close()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def _accept(listener: socket.socket, answer: Behaviour, server: Hostile) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, answer, server), daemon=True).start()


def _serve(connection: socket.socket, answer: Behaviour, server: Hostile) -> None:
    """Answer one request; a client that hangs up ends it, which is what endless answers wait for."""
    with connection, contextlib.suppress(OSError, ValueError):
        connection.settimeout(30)
        asked = read_request(connection, server.url, server.elsewhere)
        if asked is not None:
            answer(connection, asked)
