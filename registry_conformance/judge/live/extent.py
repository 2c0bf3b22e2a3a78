"""Limits of deletions: only objects that the ledger lists. No response of the target widens them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from registry_conformance.judge.target.guard import is_experiment_id, need_own, need_unmistakable
from registry_conformance.judge.target.requests import GuardError, Made, changes
from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.judge.target.workspace import folder_of, placed, served_folder

_SKEW = timedelta(minutes=15)
"""How far a store's clock may be from this machine's: S3 refuses requests of clients that are further off."""


class ExtentError(RuntimeError):
    """An object is not deleted, because it is not proven to be the run's own; the message says which and why."""


@dataclass(slots=True, eq=False)
class RemovalGuard:
    """The guard of a clean-up: allows requests that read, and deletions of the run's own objects.

    ``experiments`` are those that MLflow has confirmed to be the run's, id -> name, in its ``workspace``. Nothing is
    made in a clean-up.
    """

    run: str
    workspace: str = ""
    experiments: dict[str, str] = field(default_factory=dict)
    read_only = False

    def allow(
        self,
        method: str,
        path: str,
        size: int = 0,
        made: Made | None = None,
        door: str = "",
        *,
        removes: Made | None = None,
    ) -> None:
        """Raise ``GuardError`` for any request other than deleting the run's own objects."""
        del size, door
        if not changes(method, path):
            return
        if made is not None or removes is None:
            raise GuardError(f"{method} {path}: a clean-up sends nothing but removals")
        need_own(removes, self.run, self.experiments, self.workspace)
        need_unmistakable(removes, self.run)

    def met(self, method: str, path: str, door: str, *, dead: bool) -> None:
        """Do nothing: a clean-up has no budget."""

    def learn(self, made: Made, own_id: str) -> None:
        """Do nothing: a clean-up creates nothing."""

    def refused(self, made: Made) -> None:
        """Do nothing: a clean-up verifies by itself."""

    def unsent(self, made: Made) -> None:
        """Do nothing: a clean-up creates nothing."""

    def ended(self, made: Made, own_id: str) -> None:
        """Do nothing: a clean-up verifies by itself."""


def experiment_id(made: Made, by_name: Mapping[str, Any], by_id: Mapping[str, Any]) -> str:
    """Return the id of the experiment that the ledger calls ``made``, found by name and by that id.

    Raises ``ExtentError`` if the two are not the same, or not the one that the run created.
    """
    found, named = str(by_name.get("experiment_id", "")), str(by_name.get("name", ""))
    if named != made.name:
        raise ExtentError(f"another experiment answers to its name: {named[:200]!r}")
    if not is_experiment_id(found):
        raise ExtentError(f"MLflow says that its id is {found[:40]!r}, which no run is given for an experiment")
    if made.ids and found not in made.ids:
        raise ExtentError(f"MLflow called it {' and '.join(made.ids)} when it was made, and calls it {found} now")
    if str(by_id.get("name", "")) != made.name or str(by_id.get("experiment_id", "")) != found:
        raise ExtentError(f"MLflow says that its id is {found}, and that {found} is {by_id.get('name')!r}")
    return found


def artifact_folder(location: str, own_id: str, bucket: BucketAccess | None, workspace: str = "") -> str:
    """Return the path, below the root of all artifacts, of an experiment's files, empty if they lie on a disk.

    It is the experiment's id, or that in the folder of the workspace, or in the root that the server gives its
    artifacts.

    Raises ``ExtentError`` for a location other than the folder of that experiment.
    """
    if on_disk(location):
        return ""
    parts = _parts_of(location)
    root, own = "", own_id
    if parts.scheme == "s3":
        if bucket is None:
            raise ExtentError(f"its artifacts lie at {location}, and nobody was told how to look there")
        if parts.netloc != bucket.bucket:
            raise ExtentError(f"its artifacts lie at {location}, which is not in the bucket {bucket.bucket}")
        root, own = bucket.prefix.strip("/"), placed(own_id, workspace)
    elif parts.scheme != "mlflow-artifacts":
        raise ExtentError(f"its artifacts lie at {location}, and this suite cannot look there")
    folders = {f"{root}/{folder}".strip("/"): folder for folder in (own, f"{folder_of(workspace)}/{own_id}")}
    path = parts.path.strip("/")
    served = served_folder(path, own_id, workspace) if parts.scheme == "mlflow-artifacts" else ""
    folder = folders.get(path) or served
    if not folder or parts.query or parts.fragment:
        raise ExtentError(
            f"MLflow says that its artifacts lie at {location}, which is not the folder of experiment {own_id}"
        )
    return folder


def _parts_of(location: str) -> SplitResult:
    try:
        return urlsplit(location)
    except ValueError as problem:
        raise ExtentError(f"its artifacts lie at {location!r}, which is no address: {problem}") from problem


def on_disk(location: str) -> bool:
    """Return whether an artifact location is a path on the user's own disk."""
    return re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:", location) is None


def need_recent(key: str, changed: datetime, began: float) -> None:
    """Raise ``ExtentError`` for an object that existed in the bucket before the run began."""
    earliest = datetime.fromtimestamp(began, UTC) - _SKEW
    if changed < earliest:
        raise ExtentError(f"{key} was put there at {changed:%Y-%m-%d %H:%M} UTC, before this run began")


def own_key(key: str, path: str, root: str) -> bool:
    """Return whether a listed key is at or below a path relative to the artifact root."""
    whole = f"{root}/{path}" if root else path
    return key == whole or key.startswith(f"{whole}/")
