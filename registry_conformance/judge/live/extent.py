"""How far a deletion may go: what the ledger says was made. No answer of the target widens it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from registry_conformance.judge.target.guard import is_experiment_id, need_own
from registry_conformance.judge.target.requests import GuardError, Made, changes
from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.judge.target.workspace import folder_of, placed

_SKEW = timedelta(minutes=15)
"""How far a store's clock may be from this machine's: S3 refuses requests of clients that are further off."""


class ExtentError(RuntimeError):
    """Something is not removed, because it is not shown to be the run's own; the message says what and why."""


@dataclass(slots=True, eq=False)
class RemovalGuard:
    """The guard of a clean-up: lets pass what reads, and what removes something that is the run's own.

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
        """Raise ``GuardError`` for a request that does more than remove what is the run's own."""
        del size, door
        if not changes(method, path):
            return
        if made is not None or removes is None:
            raise GuardError(f"{method} {path}: a clean-up sends nothing but removals")
        need_own(removes, self.run, self.experiments, self.workspace)

    def met(self, method: str, path: str, door: str, *, dead: bool) -> None:
        """Note nothing: a clean-up has no budget."""

    def learn(self, made: Made, own_id: str) -> None:
        """Note nothing: a clean-up makes nothing."""

    def refused(self, made: Made) -> None:
        """Note nothing: a clean-up looks for itself."""

    def ended(self, made: Made, own_id: str) -> None:
        """Note nothing: a clean-up looks for itself."""


def experiment_id(made: Made, by_name: Mapping[str, Any], by_id: Mapping[str, Any]) -> str:
    """Return the id of the experiment that the ledger calls ``made``, as MLflow finds it by its name and by that id.

    Raises ``ExtentError`` if the two are not one, or not the one that the run made.
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

    It is the experiment's id, or that in the folder of the workspace.

    Raises ``ExtentError`` for a location that is another place than the folder of that experiment.
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
    folder = folders.get(parts.path.strip("/"), "")
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
    """Return whether an artifact location is a path on the disk of whoever uses it."""
    return re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:", location) is None


def need_recent(key: str, changed: datetime, began: float) -> None:
    """Raise ``ExtentError`` for an object that lay in the bucket before the run began."""
    earliest = datetime.fromtimestamp(began, UTC) - _SKEW
    if changed < earliest:
        raise ExtentError(f"{key} was put there at {changed:%Y-%m-%d %H:%M} UTC, before this run began")


def own_key(key: str, path: str, root: str) -> bool:
    """Return whether a key of a listing is that of a path below the root of all artifacts, or of something below it."""
    whole = f"{root}/{path}" if root else path
    return key == whole or key.startswith(f"{whole}/")
