"""MLflow's REST and artifact API by raw HTTP, one exchange a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from registry_conformance.judge.clients.bounded import MOST_OF_A_DOWNLOAD
from registry_conformance.judge.clients.http_sender import HttpSender, Payload
from registry_conformance.judge.clients.request_guard import need_artifacts
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import is_web_address
from registry_conformance.judge.expect import Mismatch, PreconditionFailed
from registry_conformance.judge.target.target import Door

REST = "/api/2.0/mlflow"
REST3 = "/api/3.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts"


def location_path(artifact_uri: str) -> str:
    """Return the path of an ``mlflow-artifacts:`` location for artifact routes.

    Raises ``PreconditionFailed`` for any other location.
    """
    scheme, _, path = artifact_uri.partition(":")
    if scheme != "mlflow-artifacts":
        raise PreconditionFailed(
            "an artifact location that the deployment serves", f"{artifact_uri}: clients go past the proxy for it"
        )
    if path.startswith("//"):
        path = "/" + path[2:].partition("/")[2]
    return path.strip("/")


def _of_before(asked: dict[str, str]) -> dict[str, str]:
    """Return a grant in the form of older MLflow versions, which had no roles."""
    name = "experiment_id" if asked["resource_type"] == "experiment" else "name"
    rest = {key: value for key, value in asked.items() if not key.startswith("resource_")}
    return {**rest, name: asked["resource_id"]}


@dataclass(frozen=True, slots=True)
class MlflowHttp(HttpSender):
    """MLflow through one door, by raw HTTP.

    ``at`` in artifact methods is an artifact location from the API (``mlflow-artifacts:/1/RUN/artifacts``), ``name``
    the artifact's path below it, unquoted.
    """

    def health(self) -> Exchange:
        """Request MLflow's health."""
        return self.send("GET", "/health")

    def version(self) -> Exchange:
        """Request MLflow's version."""
        return self.send("GET", "/version")

    def server_info(self) -> Exchange:
        """Request the server's features."""
        return self.send("GET", f"{REST3}/server-info")

    def get(self, what: str, **query: str | int) -> Exchange:
        """Read from the REST API: ``get("runs/get", run_id=...)``."""
        return self.send("GET", f"{REST}/{what}", query=query)

    def post(self, what: str, **document: Any) -> Exchange:
        """Write to the REST API: ``post("runs/create", experiment_id=...)``."""
        return self.send("POST", f"{REST}/{what}", json=document)

    def patch(self, what: str, **document: Any) -> Exchange:
        """Change by the REST API, PATCH with a JSON body."""
        return self.send("PATCH", f"{REST}/{what}", json=document)

    def delete(self, what: str, **document: Any) -> Exchange:
        """Delete by the REST API, DELETE with a JSON body."""
        return self.send("DELETE", f"{REST}/{what}", json=document)

    def search_experiments(self, *, carrier: Carrier = "bearer") -> Exchange:
        """List one experiment: the cheapest request that needs a key and that a healthy server answers."""
        return self.send("POST", f"{REST}/experiments/search", json={"max_results": 1}, carrier=carrier)

    def create_experiment(self, name: str) -> Exchange:
        """Create an experiment."""
        return self.post("experiments/create", name=name)

    def create_run(self, experiment_id: str, name: str) -> Exchange:
        """Create a run."""
        return self.post("runs/create", experiment_id=experiment_id, run_name=name, start_time=0)

    def set_run_tag(self, run_id: str, key: str, value: str) -> Exchange:
        """Set a tag on a run."""
        return self.post("runs/set-tag", run_id=run_id, key=key, value=value)

    def create_model(self, name: str) -> Exchange:
        """Create a registered model."""
        return self.post("registered-models/create", name=name)

    def create_version(self, name: str, source: str, run_id: str) -> Exchange:
        """Create a model version from a source inside a run."""
        return self.post("model-versions/create", name=name, source=source, run_id=run_id)

    def grant(self, user: str, kind: str, name: str, permission: str) -> Exchange:
        """Give another user one of MLflow's own permissions on an ``experiment`` or a ``registered_model``."""
        asked = {"username": user, "resource_type": kind, "resource_id": name, "permission": permission}
        granted = self.send("POST", f"{REST3}/users/permissions/grant", json=asked)
        if granted.status != HTTPStatus.NOT_FOUND:
            return granted
        return self.post(f"{kind.replace('_', '-')}s/permissions/create", **_of_before(asked))

    def revoke(self, user: str, kind: str, name: str) -> Exchange:
        """Revoke a permission of another user."""
        asked = {"username": user, "resource_type": kind, "resource_id": name}
        revoked = self.send("POST", f"{REST3}/users/permissions/revoke", json=asked)
        if revoked.status != HTTPStatus.NOT_FOUND:
            return revoked
        return self.delete(f"{kind.replace('_', '-')}s/permissions/delete", **_of_before(asked))

    def put_artifact(
        self,
        at: str,
        name: str,
        payload: Payload,
        *,
        size: int | None = None,
        chunked: bool = False,
        cut_after: int | None = None,
        carrier: Carrier = "bearer",
    ) -> Exchange:
        """Upload an artifact."""
        return self.send(
            "PUT",
            self.artifact_route(at, name),
            body=payload,
            size=size,
            chunked=chunked,
            cut_after=cut_after,
            carrier=carrier,
        )

    def get_artifact(self, at: str, name: str) -> Exchange:
        """Download an artifact, as clients before 3.15 and clients forced through the proxy do."""
        return replace(self, most=max(self.most, MOST_OF_A_DOWNLOAD)).send("GET", self.artifact_route(at, name))

    def delete_artifact(self, at: str, name: str) -> Exchange:
        """Delete an artifact."""
        return self.send("DELETE", self.artifact_route(at, name))

    def list_artifacts(self, at: str, folder: str = "") -> Exchange:
        """List an artifact folder, as the MLflow client does."""
        path = "/".join(filter(None, (self._path(at), folder)))
        return self.send("GET", f"{ARTIFACTS}/artifacts", query={"path": path})

    def presign_artifact(self, at: str, name: str) -> Exchange:
        """Request a presigned download URL of an artifact."""
        return self.send("GET", self.artifact_route(at, name, family="presigned"))

    def create_multipart(self, at: str, name: str, parts: int) -> Exchange:
        """Start a multipart upload: one presigned URL a part."""
        folder, _, file = f"{self._path(at)}/{name}".rpartition("/")
        document = {"path": file, "num_parts": parts}
        return self.send("POST", f"{ARTIFACTS}/mpu/create/{quote(folder)}", json=document)

    def complete_multipart(self, at: str, name: str, upload_id: str, parts: list[dict[str, Any]]) -> Exchange:
        """Complete a multipart upload from its parts, each with ``part_number``, ``etag`` and ``url``."""
        folder, _, file = f"{self._path(at)}/{name}".rpartition("/")
        document = {"path": file, "upload_id": upload_id, "parts": parts}
        return self.send("POST", f"{ARTIFACTS}/mpu/complete/{quote(folder)}", json=document)

    def abort_multipart(self, at: str, name: str, upload_id: str) -> Exchange:
        """Abort a multipart upload."""
        folder, _, file = f"{self._path(at)}/{name}".rpartition("/")
        document = {"path": file, "upload_id": upload_id}
        return self.send("POST", f"{ARTIFACTS}/mpu/abort/{quote(folder)}", json=document)

    def follow(
        self, method: str, url: str, body: bytes | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> Exchange:
        """Send a request to an absolute (presigned) URL, without a credential."""
        if not is_web_address(url):
            raise Mismatch("a URL of http or https that a client can follow", repr(url)[:200])
        parts = urlsplit(url)
        address, here = f"{parts.scheme}://{parts.netloc}", self.door
        store = Door("past the door", address, guard=here.guard, network=here.network.elsewhere)
        elsewhere = replace(self, door=store, key=None, most=MOST_OF_A_DOWNLOAD)
        return elsewhere.send(method, parts.path, query=parts.query, body=body, headers=headers)

    def artifact_route(self, at: str, name: str, family: str = "artifacts") -> str:
        """Return the path of an artifact under a route family (``artifacts`` or ``presigned``), quoted."""
        return f"{ARTIFACTS}/{family}/{quote(f'{self._path(at)}/{name}')}"

    def _path(self, at: str) -> str:
        """Return the path of a location for artifact routes, if artifacts go through this door."""
        need_artifacts(self.door)
        return location_path(at)
