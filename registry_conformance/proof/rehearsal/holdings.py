"""Everything stored in a local stack, read past all its parts, to compare before and after a run.

Shares no code with the clean-up: rows come from MLflow's database, objects from the S3 API, and unfinished uploads,
which MinIO does not list, from its disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import boto3

from registry_conformance.judge.target.target import BucketAccess, Target

_NOT_HELD = ("alembic_version", "sqlite_sequence")
"""Tables with history instead of current data."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The stored objects, each as one text.

    The ``rows`` of the database, every version and delete marker of the ``objects`` (``KEY VERSION``), and the
    unfinished ``uploads``.
    """

    rows: frozenset[str]
    objects: frozenset[str]
    uploads: frozenset[str]

    def changes(self, after: Holdings) -> list[str]:
        """Return a line for each added or removed object."""
        lines = []
        for each in fields(self):
            before, now = getattr(self, each.name), getattr(after, each.name)
            lines += [f"{each.name}: came {thing}" for thing in sorted(now - before)]
            lines += [f"{each.name}: went {thing}" for thing in sorted(before - now)]
        return lines


def hides_uploads(target: Target) -> bool:
    """Return whether the store of a local stack lists an unfinished upload only to who knows its whole key (MinIO)."""
    return _minio_uploads(_stack(target)).exists()


def holdings(target: Target) -> Holdings:
    """Return everything stored in a local stack."""
    assert target.bucket is not None, "a stack of our own has a bucket"
    stack = _stack(target)
    return Holdings(
        rows=frozenset(_rows(_database(stack))),
        objects=frozenset(_versions(target.bucket)),
        uploads=frozenset(_uploads(target.bucket, _minio_uploads(stack))),
    )


def newest_experiment(target: Target) -> int:
    """Return the highest id of an experiment in a local stack; the next one gets one more."""
    with _opened(_database(_stack(target))) as opened:
        return int(opened.execute("SELECT MAX(experiment_id) FROM experiments").fetchone()[0])


def _stack(target: Target) -> Path:
    return target.logs["mlflow"].parents[1]


def _database(stack: Path) -> Path:
    return stack / "mlflow" / "mlflow.db"


def _opened(database: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60))


def _minio_uploads(stack: Path) -> Path:
    return stack / "store" / "data" / ".minio.sys" / "multipart"


def _rows(database: Path) -> Iterator[str]:
    """Yield each row of each table."""
    with _opened(database) as opened:
        named = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in named:
            if table not in _NOT_HELD:
                found = opened.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table that the database names itself
                yield from (f"{table} {row}" for row in found)


def _versions(access: BucketAccess) -> Iterator[str]:
    """Yield each version and delete marker of each object."""
    for page in _s3(access).get_paginator("list_object_versions").paginate(Bucket=access.bucket):
        for kind in ("Versions", "DeleteMarkers"):
            yield from (f"{one['Key']} {one['VersionId']}" for one in page.get(kind, ()))


def _uploads(access: BucketAccess, kept: Path) -> Iterator[str]:
    """Yield each unfinished upload: MinIO's from its disk, if it ``kept`` any there."""
    if kept.exists():
        yield from (str(place.relative_to(kept)) for place in kept.glob("*/*"))
        return
    for page in _s3(access).get_paginator("list_multipart_uploads").paginate(Bucket=access.bucket):
        yield from (f"{one['Key']} {one['UploadId']}" for one in page.get("Uploads", ()))


def _s3(access: BucketAccess) -> Any:
    session = boto3.Session(access.access_key, access.secret_key, region_name=access.region)
    return session.client("s3", endpoint_url=access.endpoint)
