"""Sends recorded traffic again, by nothing but ``http.client``: what the same requests take without any suite."""

from __future__ import annotations

import http.client
import ssl
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.identities import Identities
from benchmarks.traffic import Sent, Traffic
from registry_conformance.judge.target.target import Target

_TIMEOUT = 60.0
_LARGEST_TEXT = 256 * 1024
_LEFT_OUT = frozenset({"host", "content-length"})
"""Headers that the client makes anew."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay by one process: when it ``began`` and ``ended``, in seconds since the epoch, and how many requests were
    ``same`` in status, of those that were ``sent``; ``unsendable`` are those that this client cannot spell, and
    ``elsewhere`` those that went to no door of the deployment."""

    began: float
    ended: float
    sent: int
    same: int
    unsendable: int
    elsewhere: int
    differing: Counter[str]


def replay(file: Path, target: Target) -> Replayed:
    """Send what one process of a run sent, as many requests at once as it did, to a deployment as that one was."""
    traffic = Traffic.read(file)
    keys = {key: str(target.keys[role]) for role, key in traffic.keys.items() if role in target.keys}
    client = BareClient(_doors(target), Identities(keys))
    outcomes: list[str] = []
    began = time.time()
    with ThreadPoolExecutor(max(map(len, traffic.groups()), default=1)) as threads:
        for lanes in traffic.groups():
            if len(lanes) == 1:
                outcomes += client.in_turn(lanes[0])
            else:
                outcomes += [outcome for lane in threads.map(client.in_turn, lanes) for outcome in lane]
    counts = Counter(outcomes)
    left = {name: counts.pop(name, 0) for name in ("unsendable", "elsewhere")}
    return Replayed(
        began, time.time(), counts.total(), counts.pop("same", 0), left["unsendable"], left["elsewhere"], counts
    )


class BareClient:
    """Sends requests to the doors of a deployment, each over its own connection, as the suite's own client does."""

    def __init__(self, doors: Mapping[str, str], identities: Identities) -> None:
        self._doors = doors
        self._identities = identities
        self._trusting = ssl._create_unverified_context()  # noqa: S323 - a stack of this bench, on loopback

    def in_turn(self, lane: Sequence[Sent]) -> list[str]:
        """Send requests in turn; return of each ``same``, how its status differs, or why it was not sent."""
        return [self._outcome(each) for each in lane]

    def _outcome(self, sent: Sent) -> str:
        if sent.door not in self._doors:
            return "elsewhere"
        try:
            status = self._send(sent)
        except (ValueError, http.client.InvalidURL):
            return "unsendable"
        return "same" if status == sent.status else f"{sent.status} then, {status} now"

    def _send(self, sent: Sent) -> int | None:
        """Send one request and return the status, ``None`` if there was no answer; learn what the answer names."""
        url = urlsplit(self._doors[sent.door])
        with closing(self._connection(url.scheme, url.netloc)) as connection:
            body = self._body(sent)
            connection.putrequest(sent.method, self._identities.applied(sent.target), skip_accept_encoding=True)
            named = {name.lower(): value for name, value in sent.headers}
            for name, value in sent.headers:
                if name.lower() not in _LEFT_OUT:
                    connection.putheader(name, self._identities.applied(value))
            announced = named.get("content-length", "")
            whole = announced == str(sent.size)
            if announced:
                connection.putheader("Content-Length", str(len(body)) if whole else announced)
            try:
                connection.endheaders()
                _transmit(connection, body, chunked=named.get("transfer-encoding", "").lower() == "chunked")
                if announced.isdigit() and len(body) < int(announced) and not whole:
                    return None  # cut on purpose: the client hung up
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                return None
        self._identities.learn(sent.answer, content)
        return answer.status

    def _connection(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(netloc, timeout=_TIMEOUT, context=self._trusting)
        return http.client.HTTPConnection(netloc, timeout=_TIMEOUT)

    def _body(self, sent: Sent) -> bytes:
        """Return a body of the recorded size: text with its names replaced, what is longer with zeros behind."""
        if sent.size > _LARGEST_TEXT:
            return sent.body.ljust(sent.size, b"\0")
        return self._identities.applied(sent.body.decode("latin-1")).encode("latin-1")


def _transmit(connection: http.client.HTTPConnection, body: bytes, *, chunked: bool) -> None:
    """Send a body; who was answered before its end looks at the answer."""
    try:
        if chunked:
            connection.send(b"%x\r\n%b\r\n" % (len(body), body) + b"0\r\n\r\n" if body else b"0\r\n\r\n")
        elif body:
            connection.send(body)
    except (BrokenPipeError, ConnectionResetError):
        return


def _doors(target: Target) -> dict[str, str]:
    """Return name -> base URL of every place of a deployment that requests go to."""
    doors = {door.name: door.url for door in target.doors}
    doors |= {door.name: door.url for door in (target.secure, target.origin) if door is not None}
    return doors
