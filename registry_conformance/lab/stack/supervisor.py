"""The process that owns the stacks of a run, and ends them when the run ends.

The run's controller starts it with a ``StackRequest`` on standard input, which stays open: when it closes, for whatever
reason, every process and folder of the run is removed. Processes of the run talk to it over a loopback port: messages
are framed as in ``multiprocessing.connection``; the first is the run's token, the others are pickles.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import secrets
import signal
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from registry_conformance.judge.target.target import Target
from registry_conformance.lab.stack.base import RunningStack
from registry_conformance.lab.stack.embedded import EmbeddedStack
from registry_conformance.lab.stack.part import PartError, UnsupportedByPartError
from registry_conformance.lab.stack.process import sweep
from registry_conformance.lab.stack.request import StackRequest

MAIN = "main"
_THREADS = 32
"""Parts that start at once wait for the engine, each on a thread."""
_LENGTH = struct.Struct("!i")


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Return the next message; raise ``asyncio.IncompleteReadError`` at the end of the stream."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)


def send(writer: asyncio.StreamWriter, message: object) -> None:
    """Send a message."""
    raw = pickle.dumps(message)
    writer.write(_LENGTH.pack(len(raw)) + raw)


class Supervisor:
    """Serves the stacks of a run, by name, to its processes.

    The first, ``MAIN``, is the judged one. Scratch stacks share its warm MLflow parent, for checks that must break
    things.
    """

    def __init__(self, order: StackRequest) -> None:
        self.token = secrets.token_hex(16)
        self._order = order
        self._stacks: dict[str, tuple[RunningStack, asyncio.Task[Target]]] = {}

    def open(self, name: str) -> asyncio.Task[Target]:
        """Begin to start a stack, unless that was done; the task ends when it is ready."""
        if name not in self._stacks:
            order = self._order if name == MAIN else replace(self._order, proxy_port=0, servers=1)
            stack = _stack(order)
            self._stacks[name] = stack, asyncio.create_task(stack.start())
        return self._stacks[name][1]

    async def close(self) -> None:
        """Stop every stack, and kill every process with the run's id."""
        for _, started in self._stacks.values():
            started.cancel()
        await asyncio.gather(*(started for _, started in self._stacks.values()), return_exceptions=True)
        await asyncio.gather(*(stack.stop() for stack, _ in self._stacks.values()), return_exceptions=True)
        sweep(self._order.run_id)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it closes: ``(stack, verb, argument)`` in, ``(outcome, value)`` out.

        The outcome is ``ok``, ``not offered`` or ``failed``.
        """
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            known = secrets.compare_digest(await receive(reader), self.token.encode())
            while known:
                question = pickle.loads(await receive(reader))  # noqa: S301 - who sends it knows the token
                send(writer, await self._answer(*question))
                await writer.drain()
        writer.close()

    async def _leave(self) -> list[str]:
        """Stop the parts of every stack; return what is left in an external store."""
        await asyncio.gather(*(started for _, started in self._stacks.values()), return_exceptions=True)
        left = await asyncio.gather(*(stack.leave() for stack, _ in self._stacks.values()))
        return [one for one in left if one]

    async def _answer(self, name: str, verb: str, argument: Any) -> tuple[str, object]:
        try:
            return "ok", await self._do(name, verb, argument)
        except UnsupportedByPartError as problem:
            return "not offered", str(problem)
        except PartError as problem:
            return "failed", str(problem)
        except Exception as problem:  # noqa: BLE001 - told to the run, which shows it
            return "failed", f"the supervisor could not {verb}: {type(problem).__name__}: {problem}"

    async def _do(self, name: str, verb: str, argument: Any) -> object:
        await asyncio.shield(self.open(name))
        stack = self._stacks[name][0]
        match verb:
            case "target" | "death_reports" | "pids" | "processes" | "seconds":
                return getattr(stack, verb)()
            case "apply":
                return await stack.apply(argument)
            case "leave":
                return await self._leave()
            case "signal":
                stack.signal(*argument)
                return None
        raise ValueError(f"unknown verb {verb!r}")


def _stack(order: StackRequest) -> RunningStack:
    if order.kind == "embedded":
        return EmbeddedStack(order)
    from registry_conformance.lab.stack.docker.stack import DockerStack  # noqa: PLC0415 - it imports what the other does not need

    return DockerStack(order)


async def main() -> None:
    """Start the run's stack, serve it, and stop it when the run has ended."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS))
    lifeline = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lifeline), sys.stdin)
    order: StackRequest = pickle.loads(await receive(lifeline))  # noqa: S301 - from the process that started this one
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    supervisor = Supervisor(order)
    try:
        server = await asyncio.start_server(supervisor.serve, "127.0.0.1", 0)
        print(f"{server.sockets[0].getsockname()[1]}:{supervisor.token}", flush=True)  # noqa: T201 - the run waits for it
        supervisor.open(MAIN)
        run_is_gone = asyncio.create_task(lifeline.read())
        await asyncio.wait({run_is_gone, asyncio.create_task(over.wait())}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await supervisor.close()


if __name__ == "__main__":
    asyncio.run(main())
