"""The request to a supervisor, from the settings of a run."""

from __future__ import annotations

from pathlib import Path

from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.lab.faults.catalogue import broken
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.run.settings import Settings


def stack_request(settings: Settings, cache: Path | None, external_store: ExternalStore | None) -> StackRequest:
    """Return the stack request of a run; ``cache`` is a persistent folder, ``external_store`` a third-party store."""
    deployment = broken(REFERENCE, settings.faults)
    return StackRequest(
        settings.run_id,
        settings.folder.change(deployment) if settings.folder else deployment,
        store=settings.store,
        kind=settings.stack,
        backend=settings.backend,
        proxy_port=settings.proxy_port,
        cache=cache,
        faults=settings.faults,
        proxy=settings.proxy,
        mlflow=settings.mlflow,
        neighbour=settings.neighbour,
        command=settings.command,
        external_store=external_store,
    )
