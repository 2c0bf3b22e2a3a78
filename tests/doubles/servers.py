"""Real servers that are no MLflow: each does one thing to every request."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from tests.doubles.plausible import plausible

Answer = Callable[[str, bytes, asyncio.StreamWriter], Awaitable[None]]
_LINGER_NOT = struct.pack("ii", 1, 0)


def _response(head: str, body: bytes, status: str, *headers: str, kind: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "X-Request-Id: 1", *headers]
    shown = b"" if head.startswith("HEAD ") else body
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + shown


def _always(content: bytes, kind: str = "application/json") -> Answer:
    async def answer(head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        del body
        writer.write(_response(head, content, "200 OK", kind=kind))

    return answer


_yes = _always(b"{}")


async def _no(head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
    del body
    refusal = b'{"error_code": "UNAUTHENTICATED", "message": "An API key is required."}'
    writer.write(_response(head, refusal, "401 Unauthorized", 'WWW-Authenticate: Bearer realm="mlflow"'))


async def _echo(head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
    kind = _header(head, "content-type") or "application/json"
    writer.write(_response(head, body, "200 OK", kind=kind))


async def _hole(head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
    del head, body, writer


def _crash() -> Answer:
    """Answer the first request, reset the connection of the second, and so on by turns."""
    turns = count()

    async def answer(head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if next(turns) % 2 == 0:
            await _yes(head, body, writer)
        else:
            line = writer.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            writer.transport.abort()

    return answer


PLAUSIBLE = "a plausible MLflow that keeps nothing"
HOLE = "a black hole"
"""The double that takes a request and leaves the client waiting."""

DOUBLES: Mapping[str, Callable[[], Answer]] = {
    "200 {} to everything": lambda: _yes,
    "200 [] to everything": lambda: _always(b"[]"),
    "200 and nothing to everything": lambda: _always(b""),
    "a page to everything": lambda: _always(b"<!doctype html><title>It works!</title>", "text/html"),
    "401 to everything": lambda: _no,
    "an echo": lambda: _echo,
    HOLE: lambda: _hole,
    "a crash": _crash,
    PLAUSIBLE: lambda: plausible,
}


@contextmanager
def double(name: str) -> Iterator[str]:
    """Serve a double on loopback and yield its base URL."""
    answer = DOUBLES[name]()
    started: dict[str, str] = {}
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            await answer(head, await _body(head, reader), writer)
            if name == HOLE:
                await reader.read()
            await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 22)
        started["url"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        with contextlib.suppress(asyncio.CancelledError):
            await server.serve_forever()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "the double did not start"
        yield started["url"]
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(10)
        loop.close()


async def _body(head: str, reader: asyncio.StreamReader) -> bytes:
    if "chunked" in _header(head, "transfer-encoding"):
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        return body
    return await reader.readexactly(int(_header(head, "content-length") or 0))


def _header(head: str, name: str) -> str:
    found = re.search(rf"(?im)^{name}:[ \t]*(.*?)[ \t]*\r$", head)
    return found[1] if found else ""
