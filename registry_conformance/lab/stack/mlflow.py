"""The MLflow part: the real server, with its schema migrated only once. How it runs is up to the stack."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from abc import abstractmethod
from collections.abc import Hashable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import Deployment, MLflow
from registry_conformance.lab.stack import shipped, store
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.links import store_url
from registry_conformance.lab.stack.part import Part


class MLflowServer(Part):
    """The tracking server, registry and artifact proxy: one or more processes at one address."""

    name = "mlflow"
    separates: bool = False
    """Whether its processes can be given a database each."""
    asks_tokens: bool = False
    """Whether it asks for tokens of an identity provider, which is no part of the deployment otherwise."""

    def __init__(self, layout: Layout, database: DatabasePart | None = None) -> None:
        super().__init__(layout)
        self._role: dict[str, str] = {}
        self._database_server = database
        self._database = layout.workdir(self.name) / "mlflow.db"
        kept = layout.cache if database is None else None
        self._template: Path | None = kept / f"mlflow-{self.mlflow_version}.db" if kept else None

    @property
    def mlflow_version(self) -> str:
        """The version of MLflow whose schema the database has."""
        return version("mlflow")

    @property
    def prefix(self) -> str:
        """The path prefix of the server, empty unless it is started with one."""
        return ""

    @property
    def credential(self) -> Credential | None:
        """The credential of a user who may do everything, ``None`` if MLflow authenticates nobody."""
        return None

    @property
    def colleague(self) -> Credential | None:
        """Another user of MLflow's own authentication, ``None`` if there is none."""
        return None

    @property
    def workspaces(self) -> tuple[str, ...]:
        """The workspace of the suite and another one; empty if there are none."""
        return ()

    @property
    def request_log(self) -> Capability:
        """Whether its log has a line about each request, with the request's id: the reference's has."""
        return Capability(True)

    @property
    def processes(self) -> int:
        """The number of its processes to start."""
        return self.layout.servers

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible: a separate database outlives MLflow."""
        if self._database_server is not None and not deployment.mlflow.keeping:
            database = self._database_server.program
            return f"the {database} database is a server of its own, which MLflow's end does not empty"
        if not deployment.mlflow.shared_database and (self._database_server is not None or not self.separates):
            return "a database for each process is had of forked processes and SQLite alone"
        return ""

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the server's own value, its files, its artifact destination, and how it reaches the store."""
        files = shipped.of_folder(deployment, "mlflow")
        return deployment.mlflow, files, deployment.store, "store" in deployment.links.in_place

    async def start(self, deployment: Deployment) -> None:
        """Start a server when its database answers; a new SQLite file is a copy of the migrated one."""
        if self._database_server is not None:
            await self._database_server.until(partial(self._database_server.is_ready, deployment), "ready")
        await self._prepare(deployment)
        denied = deployment.mlflow.denied
        self._role = await asyncio.to_thread(store.assume, self.layout, denied) if denied else {}
        await self._serve(deployment)

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers a request that needs its database; a deliberate rejection is an answer."""
        del deployment
        answer = await self.layout.http.get(
            self.layout.url(self.name) + "/api/2.0/mlflow/experiments/search?max_results=1"
        )
        return answer.status_code < 500 or answer.status_code == 503  # 503: a server that serves artifacts only

    async def up(self, deployment: Deployment) -> None:
        """Start the server, unless the deployment has it down, and cache its migrated schema for the next run.

        The first process creates the database and is waited for; the others join it.
        """
        if not deployment.mlflow.up:
            return
        began, new = time.monotonic(), not self._database.exists()
        await self._open()
        try:
            await super().up(deployment)
            self.seconds = time.monotonic() - began
            for _ in range(1, self.processes):
                await self._serve(deployment)
        finally:
            await self._close()
        if new and self._database.exists() and self._template is not None and deployment.mlflow == MLflow():
            with contextlib.suppress(OSError, sqlite3.Error):  # a cache that cannot be written costs seconds, no more
                await asyncio.to_thread(self._copy, self._database, self._template)

    def settings(self, deployment: Deployment) -> dict[str, str]:
        """Return the environment variables of the server."""
        flags, bucket = deployment.mlflow, deployment.store
        told = {
            "_MLFLOW_SERVER_FILE_STORE": self.database_uri,
            "_MLFLOW_SERVER_REGISTRY_STORE": self.database_uri,
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": str(flags.serve_artifacts).lower(),
            "_MLFLOW_SERVER_ARTIFACT_ROOT": (flags.default_root or "").format(
                bucket=bucket.bucket, prefix=bucket.prefix
            )
            or ("mlflow-artifacts:/" if flags.serve_artifacts else "mlruns"),
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_S3_ENDPOINT_URL": store_url(self.layout, deployment.links),
            "AWS_ACCESS_KEY_ID": self.layout.bucket.access_key,
            "AWS_SECRET_ACCESS_KEY": self.layout.bucket.secret_key,
            "AWS_DEFAULT_REGION": bucket.region,
            **({"AWS_SESSION_TOKEN": token} if (token := self.layout.bucket.session_token) else {}),
            # Three repetitions with growing pauses outlast a throttled moment; with the 20 s that a silent store is
            # given each time, MLflow still answers before its client gives up, after 120 s.
            "AWS_RETRY_MODE": "standard",
            "AWS_MAX_ATTEMPTS": "4",
        }
        if flags.destination is not None:
            destination = flags.destination.format(bucket=bucket.bucket, prefix=bucket.prefix)
            told["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] = destination
        return told | self._role | dict(flags.environment)

    @property
    def database_uri(self) -> str:
        """The SQLAlchemy URI of the backend store: a separate server, or else SQLite."""
        return self._database_server.uri if self._database_server else f"sqlite:///{self._database}"

    def database_of(self, number: int) -> str:
        """Return the backend store of one process alone, a copy of the first one's."""
        own = self._database.with_stem(f"{self._database.stem}-{number}")
        if number and not own.exists() and self._database.exists():
            self._copy(self._database, own)
        return f"sqlite:///{own if number else self._database}"

    @abstractmethod
    async def _open(self) -> None:
        """Bind the server's address before its first process starts."""

    @abstractmethod
    async def _serve(self, deployment: Deployment) -> None:
        """Start one more process of the server at its address."""

    @abstractmethod
    async def _close(self) -> None:
        """Close the address in this process, so that nobody answers when the server is gone."""

    async def _prepare(self, deployment: Deployment) -> None:
        """Create the database, unless the server does so itself."""
        if not deployment.mlflow.keeping:
            self._database.unlink(missing_ok=True)
        elif not self._database.exists() and self._template is not None and self._template.exists():
            with contextlib.suppress(sqlite3.Error):  # a damaged template costs a migration, no more
                await asyncio.to_thread(self._copy, self._template, self._database)

    def _copy(self, source: Path, target: Path) -> None:
        """Copy a SQLite database atomically, even while a server has it open."""
        partial = target.with_name(f"{target.name}.{self.layout.run_id}")
        try:
            with (
                contextlib.closing(sqlite3.connect(source)) as old,
                contextlib.closing(sqlite3.connect(partial)) as new,
            ):
                old.backup(new)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def fresh(deployment: Deployment) -> bool:
    """Return whether the server's modules must be imported again: some settings are read at import."""
    return any("MLFLOW" in name for name, _ in deployment.mlflow.environment)
