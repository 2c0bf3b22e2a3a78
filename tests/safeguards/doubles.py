"""A registry and a bucket in memory: what is in them can be set, and what was removed from them is seen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, str, str]
"""Status, content type, body."""


def said(document: Any, status: int = 200) -> Answer:
    """Return an answer as MLflow gives it."""
    return status, "application/json", json.dumps(document)


def absent(message: str) -> Answer:
    """Return MLflow's own error for what is not there."""
    return said({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}, 404)


PROXYS_404: Answer = (404, "text/html", "<h1>404 Not Found</h1><p>nginx</p>")


@dataclass
class Registry:
    """MLflow's part that a clean-up asks; ``instead`` has the last word on an answer, and gets what was asked.

    ``belongs`` is run, logged model or trace -> experiment id. Files are deleted as MLflow up to 3.15.2 does it in S3:
    every path that begins like the one named.
    """

    experiments: dict[str, dict[str, str]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    belongs: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    instead: Callable[[str, str, dict[str, Any]], Answer | None] = lambda *_: None

    def experiment(self, own_id: str, name: str, location: str = "", stage: str = "active") -> None:
        """Put an experiment there."""
        place = location or f"mlflow-artifacts:/{own_id}"
        about = {"experiment_id": own_id, "name": name, "artifact_location": place, "lifecycle_stage": stage}
        self.experiments[own_id] = about

    @property
    def removals(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What was asked that removes something."""
        return [each for each in self.asked if each[0] != "GET"]

    def answer(self, method: str, path: str, asked: dict[str, Any]) -> Answer:
        """Answer one request."""
        verb = path.partition(".0/mlflow")[2]
        self.asked.append((method, verb, asked))
        return self.instead(method, verb, asked) or self._answer(method, verb, asked)

    def _answer(self, method: str, verb: str, asked: dict[str, Any]) -> Answer:
        if verb == "/experiments/get-by-name":
            found = [each for each in self.experiments.values() if each["name"] == asked["experiment_name"]]
            return (
                said({"experiment": found[0]})
                if found
                else absent(f"Could not find experiment with name '{asked['experiment_name']}'")
            )
        if verb == "/experiments/get":
            about = self.experiments.get(asked["experiment_id"])
            missing = f"No Experiment with id={asked['experiment_id']} exists"
            return said({"experiment": about}) if about else absent(missing)
        if verb == "/experiments/delete":
            self.experiments[asked["experiment_id"]]["lifecycle_stage"] = "deleted"
            return said({})
        if verb.startswith(("/runs/get", "/logged-models/", "/traces/")):
            return self._owned(asked.get("run_id") or verb.rpartition("/")[2])
        if verb.startswith("/registered-models/"):
            return self._model(method, asked["name"])
        return self._files(method, verb, asked)

    def _owned(self, name: str) -> Answer:
        if name not in self.belongs:
            return absent(f"'{name}' not found")
        own_id = self.belongs[name]
        if name.startswith("m-"):
            return said({"model": {"info": {"model_id": name, "experiment_id": own_id}}})
        if name.startswith("tr-"):
            place = {"mlflow_experiment": {"experiment_id": own_id}}
            return said({"trace": {"trace_info": {"trace_id": name, "trace_location": place}}})
        return said({"run": {"info": {"run_id": name, "experiment_id": own_id}}})

    def _model(self, method: str, name: str) -> Answer:
        if name not in self.models:
            return absent(f"Registered Model with name={name} not found")
        if method == "DELETE":
            self.models.discard(name)
            return said({})
        return said({"registered_model": {"name": name}})

    def _files(self, method: str, verb: str, asked: dict[str, Any]) -> Answer:
        if verb.startswith("-artifacts/mpu/abort"):
            return said({})
        if method == "DELETE":
            path = unquote(verb.removeprefix("-artifacts/artifacts/"))
            self.files = {each for each in self.files if not each.startswith(path)}
            return said({})
        folder = asked.get("path", "")
        below = [each.removeprefix(f"{folder}/") for each in self.files if not folder or each.startswith(f"{folder}/")]
        names = {each.partition("/")[0]: "/" in each for each in below}
        listed = [{"path": name, "is_dir": is_folder} for name, is_folder in sorted(names.items())]
        return said({"files": listed} if names else {})


@contextmanager
def serving(registry: Registry) -> Iterator[str]:
    """Serve a registry and yield its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            parts = urlsplit(self.path)
            asked: dict[str, Any] = {
                name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()
            }
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked |= json.loads(body) if body[:1] == b"{" else {}
            status, content_type, text = registry.answer(self.command, parts.path, asked)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the console quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Store:
    """An S3 client in memory: ``versions`` are key and version id -> when it was put there, ``uploads`` likewise."""

    versions: dict[tuple[str, str], datetime] = field(default_factory=dict)
    uploads: dict[tuple[str, str], datetime] = field(default_factory=dict)
    keeps: bool = False

    def put(self, key: str, version: str = "v1", changed: datetime | None = None) -> None:
        """Put a version there."""
        self.versions[key, version] = changed or datetime.now(UTC)

    def begin(self, key: str, upload_id: str, began: datetime | None = None) -> None:
        """Begin an upload in parts."""
        self.uploads[key, upload_id] = began or datetime.now(UTC)

    def get_paginator(self, name: str) -> _Pages:
        """Return the pages of a listing."""
        return _Pages(self, name)

    def delete_object(self, **about: str) -> None:
        """Remove a version, unless the store keeps everything."""
        if not self.keeps:
            del self.versions[about["Key"], about["VersionId"]]

    def abort_multipart_upload(self, **about: str) -> None:
        """Give an upload up, unless the store keeps everything."""
        if not self.keeps:
            del self.uploads[about["Key"], about["UploadId"]]


@dataclass
class _Pages:
    store: Store
    name: str

    def paginate(self, **about: str) -> list[dict[str, Any]]:
        prefix = about.get("Prefix", "")
        if self.name == "list_object_versions":
            found = [
                {"Key": key, "VersionId": version, "LastModified": changed}
                for (key, version), changed in self.store.versions.items()
                if key.startswith(prefix)
            ]
            return [{"Versions": found[::2], "DeleteMarkers": found[1::2]}]
        assert self.name == "list_multipart_uploads", self.name
        begun = [
            {"Key": key, "UploadId": upload_id, "Initiated": began}
            for (key, upload_id), began in self.store.uploads.items()
            if key.startswith(prefix)
        ]
        return [{"Uploads": begun}]
