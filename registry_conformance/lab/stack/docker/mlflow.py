"""MLflow in a container whose warm parent process forks a server for each new configuration."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Mapping
from typing import Any

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.mlflow import MLflowServer, fresh
from registry_conformance.lab.stack.part import PartError

_PATIENCE = 10.0


class WarmMLflow(MLflowServer):
    """Servers forked from a warm parent in a long-lived container, controlled through a TCP port."""

    def __init__(self, layout: Layout, database: DatabasePart | None) -> None:
        super().__init__(layout, database)
        self.runner = layout.new_runner(layout, self.name)
        self._token = secrets.token_hex(16)
        self._pids: list[int] = []

    async def stop(self) -> None:
        """Stop the server; its warm parent is kept, and removed with the stack."""
        if self.runner.is_alive():
            with contextlib.suppress(OSError):
                await self._tell("end")
        self._pids = []

    def is_alive(self) -> bool:
        """Return whether every process of the server runs; a stopped (SIGSTOP) one counts as running."""
        if not self.runner.is_alive():
            return False
        if not self._pids:
            return True  # the parent is still importing
        try:
            return not self._ask("state")["lost"]
        except TimeoutError:
            return True
        except OSError:
            return False

    @property
    def pid(self) -> int | None:
        """The id of the server's first process within its container, ``None`` if none runs."""
        return self._pids[0] if self._pids else None

    @property
    def image(self) -> str:
        """The digest of the image that it runs from."""
        return self.runner.image

    def signal(self, number: int) -> None:
        """Send a signal to every process of the server."""
        with contextlib.suppress(OSError):
            self._ask("signal", number=int(number))

    def version(self) -> str:
        """Return the image's version of MLflow."""
        return self.runner.version(self.name)

    async def _open(self) -> None:
        if not self.runner.is_alive():
            host, port = self.layout.addresses["mlflow-warm"]
            await self.runner.start(self.name, ["warm"], {"WARM_ADDRESS": f"{host}:{port}", "WARM_TOKEN": self._token})
        await self.until(self._is_warm, "warm")
        await self._tell("open", address=self.layout.addresses[self.name])

    async def _serve(self, deployment: Deployment) -> None:
        workdir = str(self.layout.workdir(self.name))
        how = {"environment": self.settings(deployment), "workdir": workdir, "fresh": fresh(deployment)}
        self._pids = (await self._tell("serve", **how))["pids"]

    async def _close(self) -> None:
        await self._tell("close")

    async def _is_warm(self) -> bool:
        try:
            await self._tell("state")
        except OSError:
            return False
        return True

    async def _tell(self, what: str, **how: object) -> Mapping[str, Any]:
        return await asyncio.to_thread(self._ask, what, **how)

    def _ask(self, what: str, **how: object) -> Mapping[str, Any]:
        """Send the parent a command; raise ``OSError`` if it does not answer."""
        with socket.create_connection(self.layout.addresses["mlflow-warm"], timeout=_PATIENCE) as line:
            line.sendall(json.dumps({"token": self._token, "do": what, **how}).encode() + b"\n")
            said = line.makefile("rb").readline()
        if not said:
            raise PartError(self.death_report(f"could not {what}"))
        answer: Mapping[str, Any] = json.loads(said)
        return answer
