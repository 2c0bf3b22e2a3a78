"""Programs that start workers of their own: what reaches the program reaches these too."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil

from registry_conformance.judge.waiting import awaited
from registry_conformance.lab.stack import process

LEADER = ["sh", "-c", "sleep 600 & echo $! > worker; wait"]
"""A program that ends when asked, and leaves its worker behind."""


def is_gone(pid: int) -> bool:
    """Return whether a process has ended, reaped or not."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def worker_of(folder: Path) -> int:
    """Return the id of the program's worker, once it runs."""
    said = folder / "worker"
    assert awaited(lambda: said.exists() and said.read_text().strip(), 30)
    return int(said.read_text())


def test_worker_ends_with_its_program(tmp_path: Path) -> None:
    """A worker that outlives its program is killed: it would keep the port of the next one."""

    async def stopped() -> int:
        started = await process.start(LEADER, dict(os.environ), tmp_path / "log", tmp_path)
        worker = await asyncio.to_thread(worker_of, tmp_path)
        await process.stop(started)
        await process.stop(started)  # harmless
        return worker

    worker = asyncio.run(stopped())

    assert awaited(lambda: is_gone(worker), 30)


def test_worker_is_killed_with_its_program(tmp_path: Path) -> None:
    """A signal to a program reaches its workers, which would serve on without it."""

    async def killed() -> int:
        started = await process.start(LEADER, dict(os.environ), tmp_path / "log", tmp_path)
        worker = await asyncio.to_thread(worker_of, tmp_path)
        process.send(started, signal.SIGKILL)
        await started.wait()
        return worker

    worker = asyncio.run(killed())

    assert awaited(lambda: is_gone(worker), 30)
