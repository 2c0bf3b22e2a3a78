"""Parts as local processes: programs of this environment, and S3 stores that are on PATH."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from registry_conformance.judge.locations import DOCKER
from registry_conformance.judge.machine import part_environment, python
from registry_conformance.lab.external.neighbour import PROGRAMS, NeighbourError
from registry_conformance.lab.programs import minio_path, versitygw_path
from registry_conformance.lab.stack import envoy, process
from registry_conformance.lab.stack.envoy_routes import ProxyError
from registry_conformance.lab.stack.part import PartError
from registry_conformance.lab.stack.runner import Runner

if TYPE_CHECKING:
    from registry_conformance.lab.stack.layout import Layout


class ProcessRunner(Runner):
    """A process in its own session that dies with the supervisor."""

    def __init__(self, layout: Layout, part: str) -> None:
        self._layout = layout
        self._part = part
        self._process: asyncio.subprocess.Process | None = None
        self.data = layout.workdir(part) / "data"

    async def start(self, program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a program with only these variables besides the base environment of every part."""
        environment = part_environment(self._layout.run_id, self._layout.workdir(self._part)) | dict(variables)
        command = [*_beginning(program), *arguments]
        self._process = await process.start(command, environment, self._layout.log(self._part), self._layout.folder)

    async def stop(self) -> None:
        """End the process; calling it twice is harmless."""
        if self._process is not None:
            await process.stop(self._process)

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The id of the process that was started last, ``None`` before the first."""
        return self._process.pid if self._process else None

    def signal(self, number: int) -> None:
        """Send a signal to the process, and to those that it started."""
        if self.is_alive() and self._process is not None:
            process.send(self._process, number)

    def version(self, program: str) -> str:
        """Return nothing: the parts know their installed version."""
        del program
        return ""


def _beginning(program: str) -> list[str]:
    """Return the start of a program's command line; raise ``PartError`` if it does not exist."""
    module = [python(), "-m"]
    quiet = ["--no-access-log", "--log-level", "warning"]
    known = {
        "minio": [minio_path() or "minio", "server"],
        "versitygw": [versitygw_path() or "versitygw", "posix"],
        "moto": [*module, "moto.server"],
        "links": [*module, "registry_conformance.lab.stack.link"],
        "mlflow": [*module, "mlflow"],
        "identity": [*module, "registry_conformance.lab.stack.identity"],
        "auth": [*module, "uvicorn", "--app-dir", str(DOCKER / "auth"), *quiet],
    }
    if program in known or program.startswith("/"):
        return known.get(program, [program])
    try:
        others = next((each for each in PROGRAMS.values() if each.name == program), None)
        return [others.path] if others is not None else envoy.program()
    except (NeighbourError, ProxyError) as problem:
        raise PartError(str(problem)) from problem
