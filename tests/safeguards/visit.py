"""A run at a registry in memory, and what it may have made there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.live.cleanup import CleanupResult, clean
from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.ledger import identity_of
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.target.target import BucketAccess, Door, Target
from tests.safeguards.doubles import Registry, Store

RUN = "verify-20300101-000000-abcdef"
NAME, MODEL = f"{RUN}-e", f"{RUN}-m"
RUN_ID = "1f" * 16
"""The id of a run in the sense of MLflow."""
ACCESS = BucketAccess("http://s3", "x", "bucket", "artifacts", "a", "b")


class Visit:
    """A run at a registry with a bucket, and what it may have made."""

    def __init__(self, registry: Registry, store: Store, url: str, folder: Path) -> None:
        self.registry, self.store = registry, store
        self.target = Target("t", "live", (Door("d", url, 5.0),), {})
        described = ledger.describe_target({"d": url}, "")
        self.guard = Guard(folder / f"{RUN}.sqlite", RUN, Budget(100, 10**9, 100, 3600.0), False, target=described)
        self.guard.open()

    def work_in(self, workspace: str) -> None:
        """Work in a workspace, by a ledger of its own."""
        (door,) = self.target.doors
        self.target = Target("t", "live", (replace(door, workspace=workspace),), {})
        self.guard = replace(
            self.guard, file=self.guard.file.parent / workspace / self.guard.file.name, target=identity_of(self.target)
        )
        self.guard.open()

    def open_bucket(self) -> None:
        """Let the clean-up look into the bucket."""
        self.target = Target("t", "live", self.target.doors, {}, bucket=ACCESS)

    def made(self, kind: str, name: str, own_id: str = "") -> None:
        """Note that something may have been made, and what it was called."""
        thing = Made(kind, name, "d")
        self.guard.allow("POST", "/x", made=thing)
        if own_id:
            self.guard.learn(thing, own_id)

    def clean(self, *purge: str, dry: bool = False) -> CleanupResult:
        """Clean up."""
        return clean(self.target, self.guard, purge, dry)

    @property
    def names(self) -> list[str]:
        """What stands in the ledger still."""
        return [each.name for each in self.guard.left(self.guard.target)]
