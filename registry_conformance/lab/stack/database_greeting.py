"""Readiness of a database server, by its first bytes, without a login."""

from __future__ import annotations

import asyncio

_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")
"""PostgreSQL's SSLRequest, which a server answers with one letter before authentication."""
_LENGTH, _PROTOCOL = 4, 10
"""A MySQL server greets by the length of its greeting, in four bytes, and the number of its protocol."""


async def postgresql_answers(host: str, port: int) -> bool:
    """Return whether a PostgreSQL server accepts connections there."""
    return (await _first(host, port, 1, asking=_ASKS_FOR_TLS)) in (b"N", b"S")


async def mysql_answers(host: str, port: int) -> bool:
    """Return whether a MySQL or MariaDB server accepts connections there."""
    greeting = await _first(host, port, _LENGTH + 1)
    return len(greeting) > _LENGTH and greeting[_LENGTH] == _PROTOCOL


async def _first(host: str, port: int, count: int, asking: bytes = b"") -> bytes:
    """Return the first bytes that a server sends, after sending it ``question`` if there is one; empty if none."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return b""
    try:
        writer.write(asking)
        return await reader.read(count)
    except OSError:
        return b""
    finally:
        writer.close()
