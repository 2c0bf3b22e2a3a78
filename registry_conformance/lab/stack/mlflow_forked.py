"""MLflow as local processes, forked from a warm parent that has imported it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.util
import os
import socket
import tempfile
from importlib.metadata import version
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from registry_conformance.judge.machine import part_environment
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack import shipped
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.mlflow import MLflowServer, fresh
from registry_conformance.lab.stack.mlflow_server import PRELOAD, serve

_LONGEST_SOCKET_FOLDER = 65
"""Of the 108 bytes that a Unix socket's path may have on Linux, 104 elsewhere, less what Python adds to the folder."""
_CONTEXT = multiprocessing.get_context("forkserver")


def warm_up(folder: Path) -> None:
    """Start the parent that imports MLflow, without waiting for it; does nothing if it runs.

    It listens on a Unix socket in ``folder``, or in ``/tmp`` if that path is too long for a socket.
    """
    usual = tempfile.tempdir
    tempfile.tempdir = str(folder) if len(str(folder)) <= _LONGEST_SOCKET_FOLDER else "/tmp"  # noqa: S108 - see above
    try:
        multiprocessing.util.get_temp_dir()  # made once, and kept
    finally:
        tempfile.tempdir = usual
    _CONTEXT.set_forkserver_preload(PRELOAD)
    multiprocessing.forkserver.ensure_running()


class ForkedMLflow(MLflowServer):
    """Servers forked from the warm parent, on one listening socket."""

    separates = True

    def __init__(self, layout: Layout, database: DatabasePart | None = None) -> None:
        super().__init__(layout, database)
        self._processes: list[ForkServerProcess] = []
        self._socket: socket.socket
        self._sharing = True

    async def up(self, deployment: Deployment) -> None:
        """Start the processes, on one socket if they share a database."""
        self._sharing = deployment.mlflow.shared_database
        await super().up(deployment)

    async def stop(self) -> None:
        """End the server; calling it twice is harmless."""
        alive = [process for process in self._processes if process.is_alive()]
        for process in alive:
            process.terminate()
        await asyncio.gather(*(asyncio.to_thread(_end, process) for process in alive))

    def is_alive(self) -> bool:
        """Return whether the server runs, every process of it."""
        return bool(self._processes) and all(process.is_alive() for process in self._processes)

    @property
    def pid(self) -> int | None:
        """The id of the server's first process, ``None`` before the first start."""
        return self._processes[0].pid if self._processes else None

    @property
    def pids(self) -> list[int]:
        """The ids of all its processes."""
        return [process.pid for process in self._processes if process.pid is not None]

    def signal(self, number: int) -> None:
        """Send a signal to every process of the server."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                if process.is_alive() and process.pid is not None:
                    os.kill(process.pid, number)

    def version(self) -> str:
        """Return the installed version of MLflow."""
        return f"mlflow {version('mlflow')}"

    async def _open(self) -> None:
        self._processes = []
        self._socket = self._listening()

    def _listening(self) -> socket.socket:
        """Return a socket bound to the server's address; shared (SO_REUSEPORT) if each process has its own."""
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not self._sharing:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # asyncio does this only if a socket names its protocol; without it each kept connection stalls 40 ms.
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        taken.bind(self.layout.addresses[self.name])
        return taken

    async def _serve(self, deployment: Deployment) -> None:
        environment = part_environment(self.layout.run_id, self.layout.workdir(self.name)) | self.settings(deployment)
        listening = self._socket
        if not self._sharing:  # then the kernel deals connections out, as a load balancer does
            environment |= self._database_alone(await asyncio.to_thread(self.database_of, len(self._processes)))
            listening = self._listening() if self._processes else self._socket
        log, workdir = self.layout.log(self.name), self.layout.workdir(self.name)
        others = shipped.changed(deployment, "mlflow")
        source = shipped.copy_with("mlflow", others, workdir) if others else None
        process = _CONTEXT.Process(target=serve, args=(environment, listening, log, workdir, fresh(deployment), source))
        await asyncio.to_thread(process.start)
        if listening is not self._socket:
            listening.close()
        self._processes.append(process)

    async def _close(self) -> None:
        self._socket.close()

    @staticmethod
    def _database_alone(uri: str) -> dict[str, str]:
        """Return the settings that give one process its own database."""
        return {"_MLFLOW_SERVER_FILE_STORE": uri, "_MLFLOW_SERVER_REGISTRY_STORE": uri}


def _end(process: ForkServerProcess) -> None:
    """Wait for a process that was asked to stop; kill it after three seconds."""
    process.join(3)
    if process.is_alive():
        process.kill()
        process.join()
