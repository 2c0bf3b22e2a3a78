"""What a hostile server was asked, read as far as it cares."""

from __future__ import annotations

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """A request: its method, target, head and body, the address it came to, and that of another host."""

    method: str
    target: str
    head: str
    body: bytes
    here: str
    elsewhere: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


def read_request(connection: socket.socket, here: str, elsewhere: str) -> Asked | None:
    """Return the request on a connection, ``None`` where none comes."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        more = connection.recv(65536)
        if not more:
            return None
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    method, target = text.split(" ", 2)[:2]
    length = next((line.split(":")[1] for line in text.splitlines() if line.lower().startswith("content-length:")), "0")
    while len(body) < int(length):
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return Asked(method, target, text, body, here, elsewhere)


def respond(
    connection: socket.socket,
    body: bytes = b"{}",
    *headers: str,
    status: str = "200 OK",
    kind: str = "application/json",
) -> None:
    """Send a whole and well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "surrogateescape") + body)
