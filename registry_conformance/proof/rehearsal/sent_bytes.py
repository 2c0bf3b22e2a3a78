"""Searches the tapes of a link for secrets outside their declared places.

An API key is declared to be in ``Authorization`` (``Bearer`` or ``ApiKey``) or ``X-API-Key``, as one line in the head
of a request. Everything else is searched: paths, other headers, bodies, and everything after a head whose framing is
ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, TrailersReceived
from h2.exceptions import ProtocolError

from registry_conformance.judge.report.redact import Redactor

_HTTP2 = b"PRI * HTTP/2.0\r\n\r\n"
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e\x80-\xff]+ HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_CARRIERS = {b"authorization": re.compile(rb"(?:bearer|apikey) +", re.IGNORECASE), b"x-api-key": re.compile(b"")}
"""Header -> what precedes a key in it."""
_ONCE = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""What servers read in several ways if it comes twice."""
_LEAST = 12
"""So many characters of a secret in a row are a piece of it."""
_LARGE = 1 << 20
"""Bytes from which on a part is searched for secrets as they are, and not in every encoding."""
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Tapes:
    """The results for a link: ``connections``, ``bytes``, number of ``declared`` keys, and a line for each leak."""

    connections: int
    bytes: int
    declared: int
    strays: tuple[str, ...]


def listened(folder: Path, keys: Sequence[str], secrets: Sequence[str]) -> Tapes:
    """Search the tapes in a folder: ``keys`` may be in their declared headers, ``secrets`` nowhere."""
    search, declared, total, strays = Search([*keys, *secrets]), 0, 0, []
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for file in files:
        data = file.read_bytes()
        total += len(data)
        count, parts = undeclared(data, [key.encode("latin-1") for key in keys])
        declared += count
        small = b"\r\n".join(part for part in parts if len(part) < _LARGE)
        large = (search.plain(part) for part in parts if len(part) >= _LARGE)
        if found := search.first(small) or next(filter(None, large), ""):
            strays.append(f"{folder.name}/{file.name}: {found}")
    return Tapes(len(files), total, declared, tuple(strays))


class Search:
    """Finds secrets in any encoding, and parts of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Prepare for these secrets."""
        self._redactor = Redactor(secrets)
        pieces = {piece for secret in secrets for piece in _pieces(secret)}
        self._pieces = re.compile(b"|".join(re.escape(piece) for piece in sorted(pieces)) or b"(?!)")
        self._blocks = [piece for secret in secrets for piece in [*_pieces(secret)][::_LEAST]]

    def first(self, data: bytes) -> str:
        """Return where the first secret is, without the secret; empty if there is none."""
        if piece := self._pieces.search(data):
            before = data[max(piece.start() - _AROUND, 0) : piece.start()]
            return f"a secret after {self._redactor.text(before.decode('latin-1'))!r}"
        return "a secret in another encoding" if self._redactor.finds(data) else ""

    def plain(self, data: bytes) -> str:
        """Return the same for long data: secrets unencoded, and parts twice as long."""
        return next((self.first(data) or "a secret" for block in self._blocks if block in data), "")


def undeclared(data: bytes, keys: Sequence[bytes]) -> tuple[int, list[bytes]]:
    """Return the number of declared headers with a key in a connection's bytes, and all other bytes."""
    if data.startswith(_HTTP2):
        return _undeclared_http2(data, keys)
    count, rest = 0, list[bytes]()
    while b"\r\n\r\n" in data:
        head, _, data = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            carried = _carried(line, keys)
            count += carried
            rest.append(line.partition(b":")[0] if carried else line)
        framed = _framed(head, data)
        if framed is None:
            break
        body, data = framed
        rest.append(body)
    return count, [*rest, data]


def _framed(head: bytes, after: bytes) -> tuple[bytes, bytes] | None:
    """Return the body that a head announces, and what follows it; ``None`` if the framing is ambiguous."""
    line, *fields = head.split(b"\r\n")
    named: dict[bytes, bytes] = {}
    for field in fields:
        met = _FIELD.fullmatch(field)
        if not met or (met[1].lower() in named and met[1].lower() in _ONCE):
            return None
        named[met[1].lower()] = met[2]
    length, coding = named.get(b"content-length"), named.get(b"transfer-encoding")
    if not _REQUEST_LINE.fullmatch(line) or (length is not None and coding is not None):
        return None
    if coding is not None:
        return _chunked(after) if coding == b"chunked" else None
    if not re.fullmatch(rb"\d{1,12}", length if length is not None else b"0"):
        return None
    size = int(length or b"0")
    return after[:size], after[size:]


def _chunked(data: bytes) -> tuple[bytes, bytes] | None:
    """Return a chunked body, and what follows it; ``None`` if it is malformed.

    If it is truncated everything is body.
    """
    body, size = b"", -1
    while size:
        line, end, rest = data.partition(b"\r\n")
        if not end:
            return body + data, b""
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", line):
            return None
        size = int(line, 16)
        body, tail, data = body + rest[:size], rest[size : size + 2], rest[size + 2 :]
        if tail not in (b"\r\n", b"\r", b""):
            return None
    return body, data


def _carried(field: bytes, keys: Iterable[bytes]) -> bool:
    """Return whether a header line is a declared one with a key as its value."""
    met = _FIELD.fullmatch(field)
    before = _CARRIERS.get(met[1].lower()) if met else None
    scheme = before.match(met[2]) if met and before else None
    return met is not None and scheme is not None and met[2][scheme.end() :] in {*keys}


def _undeclared_http2(data: bytes, keys: Sequence[bytes]) -> tuple[int, list[bytes]]:
    """Return the same for an HTTP/2 connection, whose headers are compressed."""
    connection = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    connection.initiate_connection()
    count, rest = 0, [data]
    try:
        for event in connection.receive_data(data):
            if isinstance(event, RequestReceived | TrailersReceived):
                for name, value in event.headers or ():
                    carried = isinstance(event, RequestReceived) and _carried(b"%s: %s" % (name, value), keys)
                    count += carried
                    rest.append(name if carried else b"%s: %s" % (name, value))
            elif isinstance(event, DataReceived):
                rest.append(event.data)
    except ProtocolError:
        rest.append(data)
    return count, rest


def _pieces(secret: str) -> Iterator[bytes]:
    for start in range(max(len(secret) - _LEAST + 1, 1)):
        yield secret[start : start + _LEAST].encode()
