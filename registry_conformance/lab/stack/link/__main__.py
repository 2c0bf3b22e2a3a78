"""``python -m registry_conformance.lab.stack.link PLAN``: stand on the links that a plan names, until ended.

``PLAN`` is a JSON file: ``rules`` (the file of rules, read again when it is replaced) and ``links``: name ->
``listen`` and ``upstream`` (host and port) and ``record`` (a file that gets one JSON line an exchange: request id,
raw heads in latin-1 with credentials as their SHA-256, size and SHA-256 of each body, all as the server has them, and
the rules that acted). A link with a ``tape`` (a folder) is not read: what its clients send lies there, byte for byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from registry_conformance.lab.stack.link.active_rules import Rulebook
from registry_conformance.lab.stack.link.endpoint import End
from registry_conformance.lab.stack.link.exchange_relay import RelayedConnection
from registry_conformance.lab.stack.link.tape import Tape, pass_bytes


async def listen(rules: Path, name: str, link: dict[str, Any]) -> asyncio.Server:
    """Stand on one link."""
    if link.get("tape"):
        return await _taped(link)
    rulebook, record = Rulebook(rules, name), Path(link["record"])

    async def serve(client: End) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            server = await client.while_there(End.connect(*link["upstream"]))
            try:
                await RelayedConnection(client, server, rulebook, record).run()
            finally:
                server.writer.close()
        client.writer.close()

    return await End.serve(serve, *link["listen"])


async def _taped(link: dict[str, Any]) -> asyncio.Server:
    host, port = link["listen"]

    async def serve(client: End) -> None:
        try:
            server = await End.connect(*link["upstream"])
        except OSError:
            client.reset()
            return
        await pass_bytes(client, server)
        server.writer.close()
        client.writer.close()

    return await End.serve(serve, host, port, Tape(Path(link["tape"])).listener)


async def main(plan: dict[str, Any]) -> None:
    """Serve every link until ended."""
    servers = [await listen(Path(plan["rules"]), name, link) for name, link in plan["links"].items()]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
