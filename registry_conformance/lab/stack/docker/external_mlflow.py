"""A third-party MLflow image; a settings file configures it with the addresses of database and artifacts."""

from __future__ import annotations

import re
from functools import partial

from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.external.image import ExternalImage
from registry_conformance.lab.stack.docker.database import Database
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.mlflow import MLflowServer

_VERSION = re.compile(r"\d+\.\d+[\w.+-]*")


class ExternalMLflow(MLflowServer):
    """A container of a third-party image, which creates its own schema; changed settings need a new container."""

    def __init__(self, layout: Layout, database: Database | None, external: ExternalImage) -> None:
        super().__init__(layout)
        self._database_server = database
        self._external = external
        self._template = None
        self.runner = layout.new_runner(layout, self.name)

    @property
    def request_log(self) -> Capability:
        """Absent: the reference's own lines are not there."""
        return Capability(False, "the log of an MLflow of others need not name request ids")

    @property
    def processes(self) -> int:
        """One: the number of processes within the container is the image's own choice."""
        return 1

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible with this image: the suite cannot change its flags."""
        return self._external.lacks(deployment)

    async def stop(self) -> None:
        """Remove the container."""
        await self.runner.stop()

    def is_alive(self) -> bool:
        """Return whether the container runs."""
        return self.runner.is_alive()

    @property
    def pid(self) -> int | None:
        """The id of the container's first process, ``None`` before the first."""
        return self.runner.pid

    @property
    def image(self) -> str:
        """The digest of the image that it runs from."""
        return self.runner.image

    def signal(self, number: int) -> None:
        """Kill the container, have it hang, or have it go on."""
        self.runner.signal(number)

    def version(self) -> str:
        """Return the version in the image's labels."""
        return self.runner.version(self.name)

    @property
    def database_uri(self) -> str:
        """The backend store: PostgreSQL if there is one, else SQLite."""
        return self._database_server.uri if self._database_server else super().database_uri

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers; it reports its version itself."""
        if not await super().is_ready(deployment):
            return False
        told = await self.layout.http.get(self.layout.url(self.name) + "/version")
        if _VERSION.fullmatch(told.text):
            self.told_version = f"mlflow {told.text}"
        return True

    async def start(self, deployment: Deployment) -> None:
        """Start the container once its database answers."""
        if self._database_server is not None:
            await self._database_server.until(partial(self._database_server.is_ready, deployment), "ready")
        await super().start(deployment)

    async def _open(self) -> None:
        """Do nothing: the container opens its own address."""

    async def _serve(self, deployment: Deployment) -> None:
        settings = self.settings(deployment)
        places: dict[str, object] = {
            "port": self._external.port,
            "database": self.database_uri,
            "artifacts": settings["_MLFLOW_SERVER_ARTIFACT_DESTINATION"],
        }
        variables, arguments = self._external.filled_in(places)
        await self.runner.start(self.name, arguments, settings | variables | dict(deployment.mlflow.environment))

    async def _close(self) -> None:
        """Do nothing: the address is closed with the container."""
