"""Converts requests of client libraries into exchange records: bodies, headers and errors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from registry_conformance.judge.evidence.exchange import NO_BODY, Body

CHUNK = 1024 * 1024


def body_of(body: Any) -> Body:
    """Return size and digest of a text, bytes, or an open file, whose position is restored."""
    if not body:
        return NO_BODY
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes | bytearray):
        return Body.of([bytes(body)])
    start = body.tell()
    digest = Body.of(iter(lambda: body.read(CHUNK), b""))
    body.seek(start, os.SEEK_SET)
    return digest


def headers_of(pairs: Iterable[tuple[Any, Any]]) -> tuple[tuple[str, str], ...]:
    """Return headers as texts."""
    return tuple((_text(name), _text(value)) for name, value in pairs)


def root_cause(problem: BaseException) -> BaseException:
    """Return the innermost known transport error: client libraries wrap it several times."""
    seen: BaseException | None = problem
    while seen is not None:
        if isinstance(seen, OSError) and not type(seen).__module__.startswith(("requests", "urllib3")):
            return seen
        seen = seen.__cause__ or seen.__context__
    return problem


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
