"""A run's files at a target: their deletion, by the server and in the bucket, and whether they are gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live import presence
from registry_conformance.judge.live.extent import need_recent, own_key
from registry_conformance.judge.live.holder import Ask, Holder
from registry_conformance.judge.live.presence import Observation, State, StillThereError, need
from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.judge.target.workspace import placed

_DEEPEST = 12
"""How many folders within one another are looked into for a file."""
_MOST_FOLDERS = 2000
"""How many folders a clean-up looks into for a file, in all."""


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """The objects in the bucket of a run that began at ``began``, in seconds since the epoch.

    A path is relative to the artifact root, and as clients in the run's workspace name it.
    """

    access: BucketAccess
    workspace: str
    began: float

    def purge(self, path: str) -> None:
        """Delete what lies at a path and below, with every version; raise ``StillThereError`` if something remains."""
        left = self._bucket.purge(self._key(path), self._mine(path))
        if left:
            raise StillThereError(f"the bucket still lists {left[0]} and {len(left) - 1} more")

    def give_up(self, path: str) -> None:
        """Abort every unfinished upload of a path."""
        self._bucket.give_up(self._key(path), self._mine(path))

    def below(self, folder: str) -> list[str]:
        """Return the paths of everything below a folder, relative to it."""
        begin = f"{self._key(folder)}/"
        return [key.removeprefix(begin) for key in self._bucket.version_keys(begin)]

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self.access, Evidence())

    @property
    def _root(self) -> str:
        return self.access.prefix.strip("/")

    def _key(self, path: str) -> str:
        return "/".join(filter(None, (self._root, placed(path, self.workspace))))

    def _mine(self, path: str) -> Callable[[str, datetime], bool]:
        """Return a predicate for listed objects: at a path of the run or below it, and created by the run."""

        def mine(key: str, changed: datetime) -> bool:
            if not own_key(key, placed(path, self.workspace), self._root):
                return False
            need_recent(key, changed, self.began)
            return True

        return mine


@dataclass(slots=True)
class StoredFiles:
    """The files of a run, as MLflow and, if it is accessible, the bucket has them; paths as in ``StoredObjects``."""

    holder: Holder
    objects: StoredObjects | None
    _looked_into: int = field(default=0, init=False)

    def remove(self, path: str) -> None:
        """Delete the file ``path`` and everything below it; verified in the bucket, if accessible."""
        met = self.send_removal(path)
        if self.objects is not None:
            self.objects.purge(path)
        self.need_gone(self._listing(path), met)

    def send_removal(self, path: str) -> Exchange:
        """Ask MLflow to delete a path, without a look at what is left."""
        return self.holder.send("DELETE", f"{ARTIFACTS}/artifacts/{quote(path)}")

    def need_gone(self, ask: Ask, sent: Exchange | None) -> None:
        """Raise if MLflow still lists what was to be deleted, or if nobody can tell: the bucket, else MLflow."""
        sight = self.holder.agreed(ask)
        if sight.state is State.THERE or self.objects is None:
            need(sight, State.GONE, sent)

    def listed(self, wire: MlflowHttp, folder: str, name: str = "", depth: int = _DEEPEST) -> Observation:
        """Return whether ``folder`` lists a file: by ``name`` if given, or any in a subfolder."""
        sight = presence.of_files(self.listing_of(wire, folder), name)
        folders = sight.about.get("folders", ())
        if not folders or depth == 0:
            return sight
        for below in folders:
            self._looked_into += 1
            if self._looked_into > _MOST_FOLDERS:
                return Observation(
                    State.UNKNOWN, f"more than {_MOST_FOLDERS} folders are listed, the first by {sight.said}"
                )
            found = self.listed(wire, f"{folder}/{below}".strip("/"), depth=depth - 1)
            if found.state is not State.GONE:
                return found
        return Observation(State.GONE, f"{sight.said}: folders without a file")

    def listing_of(self, wire: MlflowHttp, folder: str) -> Exchange:
        """Ask one place for the listing of a folder."""
        return self.holder.ask(wire, "GET", f"{ARTIFACTS}/artifacts", query={"path": folder} if folder else {})

    def by_mlflow(self, wire: MlflowHttp, sight: Observation) -> Observation:
        """Return what a listing says; that nothing is listed counts only if MLflow says so."""
        if sight.state is State.GONE and not self.holder.is_mlflow(wire):
            return Observation(State.UNKNOWN, f"{sight.said}, from a server that does not answer as MLflow does")
        return sight

    def _listing(self, path: str) -> Ask:
        """Return the list request for a path, in its folder."""
        folder, _, name = path.rpartition("/")
        return lambda wire: self.by_mlflow(wire, self.listed(wire, folder, name))
