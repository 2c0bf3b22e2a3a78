"""The MLflow part as ``mlflow server``: slower than the reference, but what most people run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sqlite3
from collections.abc import Hashable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from werkzeug.security import generate_password_hash

from registry_conformance.judge.locations import ROOT, cache_folder
from registry_conformance.judge.target.credential import Credential, Password
from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.external import oidc_auth
from registry_conformance.lab.external.mlflow_command import WORKSPACES, MlflowCommand
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.identity.provider import GROUP
from registry_conformance.lab.stack.identity_part import CLIENT, secret_file, token_of_client, until_it_answers
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.mlflow import MLflowServer
from registry_conformance.lab.stack.part import PartError

ADMIN = "admin"
COLLEAGUE = "colleague"
"""Another user, who is no admin."""
_SIGN_IN = "mlflow.server.auth:authenticate_request_basic_auth"
_USERS = "users.db"
_HASHED = "pbkdf2:sha256:1000"
"""How passwords are kept there: MLflow's own way takes a processor 80 ms for each request, longer than most need."""


class CommandMLflow(MLflowServer):
    """``mlflow server`` as one program that starts its own workers."""

    def __init__(self, layout: Layout, command: MlflowCommand, database: DatabasePart | None = None) -> None:
        self.command = command
        super().__init__(layout, database)
        self.runner = layout.new_runner(layout, self.name)
        self.asks_tokens = command.tokens
        self._secret = secrets.token_hex(16)

    @property
    def request_log(self) -> Capability:
        """Absent: the reference's own lines are not there."""
        return Capability(False, "the log of `mlflow server` names no request ids")

    @property
    def processes(self) -> int:
        """One: the program starts its own workers."""
        return 1

    @property
    def prefix(self) -> str:
        """The path prefix of the server."""
        return self.command.prefix

    @property
    def credential(self) -> Credential | None:
        """The credential of a user who may do everything, ``None`` if MLflow authenticates nobody."""
        if self.command.tokens:
            return token_of_client(self.layout)
        return Password(ADMIN, self.layout.keys["writer"]) if self.command.passwords else None

    @property
    def colleague(self) -> Credential | None:
        """Another user, limited by MLflow's own permissions, ``None`` if there is none."""
        return Password(COLLEAGUE, self.layout.keys["reader"]) if self.command.passwords else None

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible."""
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
        """Return the version of MLflow that is started."""
        return f"mlflow {self.mlflow_version}"

    @property
    def mlflow_version(self) -> str:
        """The version of the MLflow that is started."""
        return self.command.version or super().mlflow_version

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers, even by a deliberate rejection, and its users exist."""
        del deployment
        answer = await self.layout.http.get(self.layout.url(self.name) + self.prefix + "/health")
        if answer.status_code >= 500 or (self.command.passwords and not await self._has_colleague()):
            return False
        return not self.command.workspaces or await self._has_workspaces()

    @property
    def workspaces(self) -> tuple[str, ...]:
        """The workspace of the suite and another one; empty if there are none."""
        return WORKSPACES if self.command.workspaces else ()

    async def _has_workspaces(self) -> bool:
        """Return whether both workspaces exist; create them if not."""
        place = f"{self.layout.url(self.name)}{self.prefix}/api/3.0/mlflow/workspaces"
        made = [await self.layout.http.post(place, json={"name": name}) for name in WORKSPACES]
        return all(each.is_success or "RESOURCE_ALREADY_EXISTS" in each.text for each in made)

    async def _has_colleague(self) -> bool:
        """Return whether the other user exists; create it if not."""
        made = await self.layout.http.post(
            f"{self.layout.url(self.name)}{self.prefix}/api/2.0/mlflow/users/create",
            json={"username": COLLEAGUE, "password": self.layout.keys["reader"]},
            auth=(ADMIN, self.layout.keys["writer"]),
        )
        there = made.status_code == HTTPStatus.OK or "RESOURCE_ALREADY_EXISTS" in made.text
        if there and not self.command.own_hash:
            await asyncio.to_thread(self._hash_faster)
        return there

    def _hash_faster(self) -> None:
        """Store the passwords with a cheaper hash, whose method is part of the hash itself."""
        with contextlib.closing(sqlite3.connect(self.layout.workdir(self.name) / _USERS)) as users, users:
            for user, key in ((ADMIN, "writer"), (COLLEAGUE, "reader")):
                hashed = generate_password_hash(self.layout.keys[key], _HASHED)
                users.execute("UPDATE users SET password_hash = ? WHERE username = ?", (hashed, user))

    async def _open(self) -> None:
        """Do nothing: the program binds its address itself."""

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
        if self.command.tokens:
            told |= await self._asking_for_tokens(told)
        if self.command.sign_in:
            told["PYTHONPATH"] = told.get("PYTHONPATH") or str(ROOT)
        told |= dict(self.command.environment)
        arguments = [
            *("server", "--host", host, "--port", str(port)),
            *("--artifacts-destination", f"s3://{bucket.bucket}/{bucket.prefix}"),
            *self.command.arguments,
        ]
        program, *first = [self.command.python, "-m", "mlflow"] if self.command.python else ["mlflow"]
        await self.runner.start(program, [*first, *arguments], told)

    async def _asking_for_tokens(self, told: Mapping[str, str]) -> dict[str, str]:
        """Return the settings of mlflow-oidc-auth; raise ``PartError`` if it is not installed."""
        place = oidc_auth.folder(self.layout.cache or cache_folder())
        try:
            await asyncio.to_thread(oidc_auth.install, place)
        except oidc_auth.OidcAuthError as problem:
            raise PartError(str(problem)) from problem
        await until_it_answers(self.layout)
        issuer, client_secret = self.layout.url("identity"), secret_file(self.layout).read_text()
        database = self.layout.workdir(self.name) / "users.db"
        paths = os.pathsep.join(filter(None, (str(place), told.get("PYTHONPATH") or str(ROOT))))
        settings = oidc_auth.variables(issuer, CLIENT, client_secret, self._secret, database, GROUP)
        return {**settings, "PYTHONPATH": paths}

    def _users(self) -> Path:
        """Write the settings of MLflow's own authentication, with one user who may do everything.

        Raises ``PartError`` if a dependency is not installed.
        """
        try:
            version("Flask-WTF")
        except ModuleNotFoundError as problem:
            raise PartError("MLflow's basic-auth needs Flask-WTF: pip install 'mlflow[auth]'") from problem
        workdir = self.layout.workdir(self.name)
        file = workdir / "basic_auth.ini"
        file.touch(mode=0o600)
        file.write_text(
            "[mlflow]\n"
            f"default_permission = {self.command.default_permission}\n"
            f"database_uri = sqlite:///{workdir / _USERS}\n"
            f"admin_username = {ADMIN}\n"
            f"admin_password = {self.layout.keys['writer']}\n"
            f"authorization_function = {self.command.sign_in or _SIGN_IN}\n"
        )
        return file
