"""What a supervisor is asked to bring up, as the settings of a run have it."""

from __future__ import annotations

from pathlib import Path

from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.lab.faults.catalogue import broken
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.run.settings import Settings


def stack_request(settings: Settings, cache: Path | None, external_store: ExternalStore | None) -> StackRequest:
    """Return the order of a run; ``cache`` is a folder that outlives it, ``external_store`` a store of others."""
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
