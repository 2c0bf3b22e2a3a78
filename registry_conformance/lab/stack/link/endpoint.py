"""The two ends of a relayed connection: reading, writing, and immediate notice when a peer disconnects."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from registry_conformance.lab.stack.link.message import HEAD_LIMIT


class DisconnectedError(ConnectionError):
    """The connection was closed on purpose."""


Met = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Heard = Callable[[bytes], None]
Held = TypeVar("Held")


class _Watched(asyncio.StreamReaderProtocol):
    """A stream reader that notices its end at once, even if nobody reads; ``heard`` gets each byte."""

    def __init__(self, reader: asyncio.StreamReader, met: Met | None = None, heard: Heard | None = None) -> None:
        super().__init__(reader, met)
        self.gone = asyncio.Event()
        self._heard = heard

    def data_received(self, data: bytes) -> None:
        """Pass the data to the listener, then buffer it for readers."""
        if self._heard:
            self._heard(data)
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """Note that the peer sends no more."""
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, problem: Exception | None) -> None:
        """Note that the connection is closed."""
        self.gone.set()
        super().connection_lost(problem)


@dataclass
class End:
    """One end of a relayed connection: its streams, and whether the peer has left."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gone: asyncio.Event

    @classmethod
    async def connect(cls, host: str, port: int) -> End:
        """Return the end of a new connection to an address; raise ``OSError`` if it is refused."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=HEAD_LIMIT, loop=loop)
        protocol = _Watched(reader)
        transport, _ = await loop.create_connection(lambda: protocol, host, port)
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop), protocol.gone)

    @classmethod
    async def serve(
        cls, meet: Callable[[End], Awaitable[None]], host: str, port: int, listener: Callable[[], Heard] | None = None
    ) -> asyncio.Server:
        """Accept connections at an address; ``listener`` returns what receives the bytes of each."""
        loop = asyncio.get_running_loop()

        def protocol() -> _Watched:
            async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await meet(cls(reader, writer, made.gone))

            made = _Watched(asyncio.StreamReader(limit=HEAD_LIMIT, loop=loop), met, listener() if listener else None)
            return made

        return await loop.create_server(protocol, host, port)

    async def while_there(self, work: Coroutine[None, None, Held]) -> Held:
        """Return the result of ``work``; raise ``DisconnectedError`` if this peer disconnects first."""
        doing, gone = asyncio.create_task(work), asyncio.create_task(self.gone.wait())
        try:
            await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not doing.done():
                doing.cancel()
        if not doing.done():
            raise DisconnectedError
        return doing.result()

    def reset(self) -> None:
        """Close the connection by a reset, so that the peer does not take it for the end of a message."""
        connection = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
