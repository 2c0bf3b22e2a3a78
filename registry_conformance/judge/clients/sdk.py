"""Single steps of the MLflow SDK, each in a fresh process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.clients.registry import digest_file
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload by the SDK: the local file, and every exchange."""

    body: Body
    exchanges: tuple[Exchange, ...]

    @property
    def by_multipart(self) -> bool:
        """Whether the SDK uploaded the file in parts by presigned URLs."""
        return any("/mlflow-artifacts/mpu/create/" in exchange.url for exchange in self.exchanges)


@dataclass(frozen=True, slots=True)
class Sdk:
    """The SDK at one door with one key; its exchanges become the check's evidence."""

    isolated: IsolatedProcess
    developer: Developer
    evidence: Evidence

    def upload(self, run_id: str, name: str, payload: bytes, *, multipart_from: int, part: int) -> Upload:
        """Log ``payload`` as an artifact; from ``multipart_from`` bytes on in parts of ``part`` bytes.

        The client is told explicitly that multipart uploads are supported: by itself it asks ``/server-info`` with a
        short timeout, and uploads the file whole if the answer is late, as on a busy machine.
        """
        variables = {
            "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
            "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(multipart_from),
            "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(part),
        }
        home = self.developer.home
        home.mkdir(parents=True, exist_ok=True)
        file = home / name
        file.write_bytes(payload)
        problem, exchanges = self.isolated.call(
            log_artifact, replace(self.developer, variables=variables), run_id, file
        )
        self._keep(exchanges)
        if problem:
            raise Mismatch(f"the SDK to upload {len(payload)} B", problem)
        return Upload(digest_file(file), exchanges)

    def publish(self, run_id: str, model: str, text: str) -> str:
        """Log ``text`` to a run and register its artifacts as a model version; return the version's source."""
        source, problem, exchanges = self.isolated.call(publish, self.developer, run_id, model, text)
        self._keep(exchanges)
        if problem:
            raise Mismatch("the SDK to register a version", problem)
        return source

    def _keep(self, exchanges: tuple[Exchange, ...]) -> None:
        for exchange in exchanges:
            self.evidence.exchange(exchange)


def publish(developer: Developer, run_id: str, model: str, text: str) -> tuple[str, str, tuple[Exchange, ...]]:
    """Upload and register; return the version's source, what went wrong, and every exchange."""
    with developer.registry() as registry:
        source, problem = "", ""
        try:
            registry.client.log_text(run_id, text, "model/weights.txt")
            registry.client.create_registered_model(model)
            at = f"{registry.client.get_run(run_id).info.artifact_uri}/model"
            registry.client.create_model_version(model, at, run_id)
            source = registry.client.get_model_version(model, "1").source
        except Exception as raised:  # noqa: BLE001 - any failure of the SDK is the outcome
            problem = f"{type(raised).__name__}: {raised}"[:600]
        return source, problem, tuple(registry.exchanges)


def log_artifact(developer: Developer, run_id: str, file: Path) -> tuple[str, tuple[Exchange, ...]]:
    """Log a file to a run; return the error, empty if none, and every exchange."""
    with developer.registry() as registry:
        problem = ""
        try:
            registry.client.log_artifact(run_id, str(file))
        except Exception as raised:  # noqa: BLE001 - any failure of the SDK is the outcome
            problem = f"{type(raised).__name__}: {raised}"[:600]
        return problem, tuple(registry.exchanges)
