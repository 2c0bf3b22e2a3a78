"""One part of the embedded stack in a process of its own, as the supervisor would start it, until stdin closes.

Arguments: the part's name, the store's kind, the cache folder, the run id. Prints one line when the part is ready.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from registry_conformance.lab.stack.embedded import EmbeddedStack
from registry_conformance.lab.stack.mlflow_forked import warm_up
from registry_conformance.lab.stack.request import StackRequest


async def main(name: str, store: str, cache: str, run_id: str) -> None:
    """Start the part, say that it is ready, wait for the end of stdin, and end it."""
    order = StackRequest(run_id, store=store, cache=Path(cache))
    stack = EmbeddedStack(order)
    try:
        if name == "mlflow":
            warm_up(stack.folder)
        await stack.create_parts()
        part = next(part for part in stack.parts if part.name == name)
        await part.up(order.deployment)
        print("ready", flush=True)  # noqa: T201 - the bench waits for this line
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await stack.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
