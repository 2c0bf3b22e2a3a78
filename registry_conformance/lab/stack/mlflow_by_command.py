"""The MLflow part as ``mlflow server`` starts it: slower than the reference's way, and what people have."""

from __future__ import annotations

import os
import secrets
from collections.abc import Hashable
from importlib.metadata import version
from pathlib import Path

from registry_conformance.judge.target.credential import Credential, Password
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.external.mlflow_command import MlflowCommand
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.mlflow import MLflowServer
from registry_conformance.lab.stack.part import PartError

ADMIN = "admin"


class CommandMLflow(MLflowServer):
    """``mlflow server`` as one program, which starts its own workers."""

    def __init__(self, layout: Layout, command: MlflowCommand, database: DatabasePart | None = None) -> None:
        self.command = command
        super().__init__(layout, database)
        self.runner = layout.house(layout, self.name)
        self._secret = secrets.token_hex(16)

    @property
    def processes(self) -> int:
        """How many are started: the program has workers of its own."""
        return 1

    @property
    def prefix(self) -> str:
        """What its paths begin with."""
        return self.command.prefix

    @property
    def credential(self) -> Credential | None:
        """Who may do everything there, ``None`` if nobody is asked."""
        return Password(ADMIN, self.layout.keys["writer"]) if self.command.passwords else None

    def lacks(self, deployment: Deployment) -> str:
        """Return why it cannot be had in a deployment."""
        return self.command.lacks(deployment) or super().lacks(deployment)

    def spec(self, deployment: Deployment) -> Hashable:
        """Return whether it runs, and how it reaches the store."""
        return deployment.mlflow.up, deployment.store, "store" in deployment.links.in_place

    async def stop(self) -> None:
        """End the program; calling it twice is harmless."""
        await self.runner.stop()

    def is_alive(self) -> bool:
        """Return whether the program runs."""
        return self.runner.is_alive()

    @property
    def pid(self) -> int | None:
        """The id of the program, ``None`` before the first start."""
        return self.runner.pid

    def signal(self, number: int) -> None:
        """Send a signal to the program."""
        self.runner.signal(number)

    def version(self) -> str:
        """Return the version of the MLflow that is started."""
        return f"mlflow {self.mlflow_version}"

    @property
    def mlflow_version(self) -> str:
        """The version of the MLflow that is started."""
        return self.command.version or super().mlflow_version

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether it answers: even a deliberate refusal is an answer."""
        del deployment
        answer = await self.layout.http.get(self.layout.url(self.name) + self.prefix + "/health")
        return answer.status_code < 500

    async def _open(self) -> None:
        """Do nothing: the program takes its address itself."""

    async def _close(self) -> None:
        """Do nothing."""

    async def _serve(self, deployment: Deployment) -> None:
        host, port = self.layout.addresses[self.name]
        bucket = deployment.store
        told = {name: value for name, value in self.settings(deployment).items() if not name.startswith("_")}
        told["MLFLOW_BACKEND_STORE_URI"] = self.database_uri  # it has a password, which every process list would show
        if self.command.python:
            bin_folder = str(Path(self.command.python).parent)  # it starts further programs by their names
            told["PATH"] = os.pathsep.join((bin_folder, os.defpath))
        if self.command.passwords:
            told |= {"MLFLOW_AUTH_CONFIG_PATH": str(self._users()), "MLFLOW_FLASK_SERVER_SECRET_KEY": self._secret}
        arguments = [
            *("server", "--host", host, "--port", str(port)),
            *("--artifacts-destination", f"s3://{bucket.bucket}/{bucket.prefix}"),
            *self.command.arguments,
        ]
        program, *first = [self.command.python, "-m", "mlflow"] if self.command.python else ["mlflow"]
        await self.runner.start(program, [*first, *arguments], told)

    def _users(self) -> Path:
        """Write the settings of MLflow's own authentication: one user, who may do everything.

        Raises ``PartError`` if what it needs is not installed.
        """
        try:
            version("Flask-WTF")
        except ModuleNotFoundError as problem:
            raise PartError("MLflow's basic-auth needs Flask-WTF: pip install 'mlflow[auth]'") from problem
        room = self.layout.room(self.name)
        file = room / "basic_auth.ini"
        file.touch(mode=0o600)
        file.write_text(
            "[mlflow]\n"
            "default_permission = READ\n"
            f"database_uri = sqlite:///{room / 'users.db'}\n"
            f"admin_username = {ADMIN}\n"
            f"admin_password = {self.layout.keys['writer']}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        )
        return file
