"""Starts and stops processes so that none outlives its run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import psutil

from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.machine import RUN_VARIABLE
from registry_conformance.lab.programs import Account

TAIL_LINES = 15
_LOWEST = 10_000
"""Below lie the ports of services that a machine may have."""
_CONSOLE = 13_333
"""MinIO serves no store at the port of its console, which it keeps even if there is none."""
_CLIENTS, _LOWEST_OF_CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range"), 32_768
"""Where Linux says which ports it gives to clients, and the first of them where nothing is said."""


def free_ports(count: int) -> list[int]:
    """Return this many different loopback TCP ports that are free now.

    Ports of the ephemeral range are avoided: a part can start late or restart, and some client connection could have
    taken its port by then.
    """
    fit = [port for port in range(_LOWEST, _first_of_clients()) if port != _CONSOLE]
    drawn = random.SystemRandom().sample(fit, count * 20)
    return list(islice(filter(port_is_free, drawn), count))


def _first_of_clients() -> int:
    try:
        return int(_CLIENTS.read_text().split()[0])
    except OSError:
        return _LOWEST_OF_CLIENTS


def port_is_free(port: int) -> bool:
    """Return whether a loopback TCP port can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log, or why there are none."""
    try:
        kept = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return "(it wrote no log)"
    return "\n".join(kept) or "(its log is empty)"


async def start(
    argv: Sequence[str], environment: dict[str, str], log: Path, cwd: Path, account: Account | None = None
) -> asyncio.subprocess.Process:
    """Start a process in its own session, with its output appended to ``log``; it dies with the supervisor.

    It runs as ``account``, if given.
    """
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *argv,
            env=environment,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
            **(account.identity if account else {}),
        )


async def stop(process: asyncio.subprocess.Process, patience: float = 3.0) -> None:
    """Stop a process: ask first, kill it after ``patience`` seconds; what it started and left running is killed."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            process.kill()
            await process.wait()
    send(process, signal.SIGKILL)  # workers that outlive it would keep its port


def send(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal to a process and to those that it started: the workers of a server serve without it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def sweep(run_id: str) -> list[int]:
    """Kill every process with the run id in its environment, except this one; return their pids."""
    swept = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(RUN_VARIABLE) == run_id:
                process.kill()
                swept.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return swept
