"""Whether all addresses of a host name lead to the same server: a client may use any of them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.tls import context
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.mismatch import NotAllowed
from registry_conformance.judge.target.target import Door

_MOST = 6
_READ = 4096


def addresses_differ(door: Door, path: str) -> Finding | None:
    """Return that the addresses of a door's name answer a request for ``path`` differently; it has no key.

    An address that does not answer, for example without IPv6 here, does not count.
    """
    parts = urlsplit(door.url)
    if door.network.proxy_for(door.url):
        return None
    said = {address: _answer(door, address, path) for address in _addresses(parts.hostname or "", door)}
    heard = {address: answer for address, answer in said.items() if answer}
    if len(set(heard.values())) < 2:
        return None
    told = ", ".join(f"{address} answers {answer or 'nothing'}" for address, answer in said.items())
    sentence = f"the {len(said)} addresses of {parts.hostname} do not answer alike: {told}"
    return Finding(finding.ADDRESSES, sentence, finding.ADDRESSES.remedy)


def _addresses(host: str, door: Door) -> Iterator[str]:
    try:
        found = socket.getaddrinfo(host, _port(door), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    yield from list(dict.fromkeys(str(place[0]) for *_, place in found))[:_MOST]


def _answer(door: Door, address: str, path: str) -> str:
    """Return status and server header at one address, empty if there is no response."""
    parts = urlsplit(door.url)
    request = f"GET {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    try:
        with authorize_connection(door):
            line = socket.create_connection((address, _port(door)), timeout=door.patience)
        with line:
            wrapped = (
                context(door).wrap_socket(line, server_hostname=parts.hostname) if parts.scheme == "https" else line
            )
            with wrapped:
                wrapped.sendall(request.encode())
                head = wrapped.recv(_READ).decode("latin-1").partition("\r\n\r\n")[0]
    except (OSError, ValueError, NotAllowed):
        return ""
    status = re.match(r"HTTP/\d\.\d (\d{3})", head)
    server = re.search(r"^server: *([^\r\n]{1,40})", head, re.IGNORECASE | re.MULTILINE)
    return f"{status[1] if status else 'no HTTP'}{f' ({server[1]})' if server else ''}"


def _port(door: Door) -> int:
    parts = urlsplit(door.url)
    return parts.port or (443 if parts.scheme == "https" else 80)
