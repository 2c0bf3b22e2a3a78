"""A taped link: relays bytes unread, and writes everything that clients send to one file a connection."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from registry_conformance.lab.stack.link.endpoint import End, Heard
from registry_conformance.lab.stack.link.message import CHUNK


class Tape:
    """The folder of a link's bytes; readable by its owner only, because it contains credentials."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._files: Iterator[Path] = (folder / f"{number:06}" for number in itertools.count(_next_number(folder)))

    def listener(self) -> Heard:
        """Return the writer for the bytes of one connection."""
        file = next(self._files)

        def heard(data: bytes) -> None:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as opened:
                opened.write(data)

        return heard


async def pass_bytes(client: End, server: End) -> None:
    """Relay both ways until both sides end; if one breaks off, reset the other."""
    await asyncio.gather(_relay(client, server), _relay(server, client), return_exceptions=True)


async def _relay(source: End, sink: End) -> None:
    """Relay bytes to the end, including how it ended."""
    try:
        while data := await source.reader.read(CHUNK):
            sink.writer.write(data)
            await sink.writer.drain()
        if sink.writer.can_write_eof():
            sink.writer.write_eof()
    except ConnectionError:
        sink.reset()
        raise


def _next_number(folder: Path) -> int:
    return len(list(folder.iterdir()))
