"""Artifact locations on the client's own disk: nothing is written there, and whoever tries is told why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LocalLocationError(RuntimeError):
    """What was to be uploaded would not leave the machine of whoever uploads."""


@contextmanager
def refusing_local_artifacts() -> Iterator[None]:
    """Have the SDK refuse uploads to a path on this machine's disk, which it would carry out by copying files.

    MLflow hands out such a location if it was started with a path as its default artifact root. Nobody else would get
    what lies there, and it would lie on the disk of whoever judges.
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
