"""Rejects artifact locations on the client's own disk, with an error that explains why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LocalLocationError(RuntimeError):
    """An upload would stay on the client's own machine."""


@contextmanager
def refusing_local_artifacts() -> Iterator[None]:
    """Make the SDK reject uploads to a local path, which it would implement by copying files.

    MLflow returns such a location if its default artifact root is a path. Nobody else could read the files, and they
    would be left on this machine.
    """
    from mlflow.store.artifact.local_artifact_repo import (  # noqa: PLC0415 - takes seconds to import
        LocalArtifactRepository as Local,
    )

    kept = {name: getattr(Local, name) for name in ("log_artifact", "log_artifacts")}
    for name in kept:
        setattr(Local, name, _refuse)
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(Local, name, method)


def _refuse(repository: Any, *_: object, **__: object) -> None:
    raise LocalLocationError(
        f"artifacts of this run go to {repository.artifact_dir}, a path on the disk of whoever uploads them: nothing "
        "would leave this machine; start MLflow with --artifacts-destination, with no path as --default-artifact-root"
    )
