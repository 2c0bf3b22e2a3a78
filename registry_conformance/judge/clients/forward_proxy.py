"""Connections through a forward proxy: tunnels, and absolute URLs."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from registry_conformance.judge.mismatch import NotAllowed
from registry_conformance.judge.target.requests import Permit
from registry_conformance.judge.target.target import Door

_HTTPS = 443


class TunnelError(ConnectionError):
    """A forward proxy refused to open a tunnel; the message has its response."""


def reach(permit: Permit, door: Door, timeout: float) -> socket.socket:
    """Return a connection to the door: direct, or by a tunnel through the forward proxy.

    Raises ``NotAllowed`` for a door that is not ``https`` behind a forward proxy, ``OSError`` if the connection fails.
    """
    parts = urlsplit(door.url)
    host, port = parts.hostname or "", parts.port or (_HTTPS if parts.scheme == "https" else 80)
    proxy = door.network.proxy_for(door.url)
    if not proxy:
        return _opened(permit, (host, port), timeout)
    if parts.scheme != "https":
        raise NotAllowed("a connection that changes no bytes", "requests to an http door pass a forward proxy here")
    line = _opened(permit, address_of(proxy), timeout)
    try:
        _tunnel(line, f"{host}:{port}", proxy)
    except BaseException:
        line.close()
        raise
    return line


def connection_to(
    permit: Permit, door: Door, timeout: float, trusting: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    """Return a new connection object for the door, not yet open, that only this permit can open.

    ``trusting`` is the TLS context of an ``https`` door.
    """
    parts = urlsplit(door.url)
    host, proxy = parts.hostname or "", door.network.proxy_for(door.url)
    there = address_of(proxy) if proxy else (host, parts.port)
    if trusting is None:
        return _Permitted(*there, permit, timeout)
    connection = _PermittedTls(*there, permit, timeout, trusting)
    if proxy:
        connection.set_tunnel(host, parts.port or _HTTPS, dict(proxy_headers(proxy)))
    return connection


class _Permitted(http.client.HTTPConnection):
    def __init__(self, host: str, port: int | None, permit: Permit, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._permit = permit

    def connect(self) -> None:
        with self._permit:
            super().connect()


class _PermittedTls(http.client.HTTPSConnection):
    def __init__(self, host: str, port: int | None, permit: Permit, timeout: float, trusting: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=trusting)
        self._permit = permit

    def connect(self) -> None:
        with self._permit:
            super().connect()


def _opened(permit: Permit, address: tuple[str, int], timeout: float) -> socket.socket:
    with permit:
        return socket.create_connection(address, timeout=timeout)


def proxy_headers(proxy: str) -> list[tuple[str, str]]:
    """Return the authentication headers for a forward proxy, from the user and password in its URL."""
    parts = urlsplit(proxy)
    if not parts.username:
        return []
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return [("Proxy-Authorization", f"Basic {base64.b64encode(pair).decode()}")]


def address_of(proxy: str) -> tuple[str, int]:
    """Return host and port of a forward proxy."""
    parts = urlsplit(proxy)
    return parts.hostname or "", parts.port or 80


def _tunnel(line: socket.socket, authority: str, proxy: str) -> None:
    head = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    head += [f"{name}: {value}" for name, value in proxy_headers(proxy)]
    line.sendall("\r\n".join([*head, "", ""]).encode())
    answer = bytearray()
    while b"\r\n\r\n" not in answer:
        piece = line.recv(1)  # a byte at a time: what follows the head belongs to TLS
        if not piece:
            raise TunnelError("the forward proxy closed the connection")
        answer += piece
    first = answer.split(b"\r\n", 1)[0].decode("latin-1")
    words = first.split(" ", 2)
    with suppress(ValueError, IndexError):
        if 200 <= int(words[1]) < 300:
            return
    raise TunnelError(f"the forward proxy opens no tunnel: {first[:100]}")
