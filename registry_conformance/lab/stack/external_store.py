"""An external S3 store as the store part: a bucket is created there, emptied and removed again."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import Part, PartError
from registry_conformance.lab.stack.store import client_at, connect

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

_AT_ONCE = 1000
"""How many objects S3 deletes at once."""
_RUN_IN_NAME = 40
"""Characters of the run id in a bucket's name, which has 63."""


def bucket_name(run_id: str) -> str:
    """Return a unique bucket name that contains the run's id."""
    return f"{_beginning(run_id)}{secrets.token_hex(4)}"


def is_of(name: str, run_id: str) -> bool:
    """Return whether a bucket was created by a run, by its name."""
    return re.fullmatch(re.escape(_beginning(run_id)) + "[0-9a-f]{8}", name) is not None


def sweep(external: ExternalStore, run_id: str) -> list[str]:
    """Remove the buckets of a run that ended without doing so; return what is left, and why."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see connect()

    s3 = client_at(external.url, external.region, external.access_key, external.secret_key, external.session_token)
    try:
        names = [one["Name"] for one in s3.list_buckets()["Buckets"] if is_of(one["Name"], run_id)]
        for name in names:
            _empty(s3, name)
            s3.delete_bucket(Bucket=name)
    except (ClientError, BotoCoreError) as problem:
        return [f"buckets {_beginning(run_id)}... at {external.url}: {problem}"]
    return []


def _beginning(run_id: str) -> str:
    return f"{run_id[:_RUN_IN_NAME].rstrip('-')}-conformance-"


class ExternalStorePart(Part):
    """A bucket in an existing store; nothing else of the store is touched."""

    name = "store"

    def __init__(self, layout: Layout, external: ExternalStore) -> None:
        super().__init__(layout)
        self._external = external
        self._made = False

    def spec(self, deployment: Deployment) -> Hashable:
        """Return nothing: no deployment changes it."""
        del deployment
        return ()

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible: the suite cannot change roles or TLS there."""
        return self._external.lacks(deployment)

    async def start(self, deployment: Deployment) -> None:
        """Create the bucket; raise ``PartError`` if the store does not answer or denies it."""
        del deployment
        await asyncio.to_thread(self._make)

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether a signed HEAD on the bucket works."""
        del deployment
        await asyncio.to_thread(connect(self.layout).head_bucket, Bucket=self.layout.bucket.bucket)
        return True

    async def stop(self) -> None:
        """Do nothing: the store is not the suite's."""

    async def leave(self) -> str:
        """Remove the bucket with its content; return what could not be removed, empty if nothing."""
        return await asyncio.to_thread(self._leave)

    def is_alive(self) -> bool:
        """Return ``True``: an outage shows in the responses to requests."""
        return True

    @property
    def pid(self) -> int | None:
        """None: it is no process of the suite."""
        return None

    def signal(self, number: int) -> None:
        """Do nothing: the store is not the suite's."""

    def version(self) -> str:
        """Return its URL."""
        return f"at {self._external.url}"

    def lasts(self) -> Capability:
        """Return that durability is unknown, because the store is never stopped."""
        return Capability(False, f"the store at {self._external.url} is not ours to stop")

    def _make(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see connect()

        s3, bucket, url = connect(self.layout), self.layout.bucket.bucket, self._external.url
        try:
            s3.create_bucket(Bucket=bucket)
            self._made = True
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        except ClientError as refusal:
            code = refusal.response.get("Error", {}).get("Code", "without a code")
            if not self._made:
                raise PartError(f"the store at {url} lets no bucket be made with these credentials: {code}") from None
        except (BotoCoreError, ValueError) as problem:
            raise PartError(f"the store at {url} cannot be reached: {type(problem).__name__}") from None

    def _leave(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see connect()

        if not self._made:
            return ""
        s3, bucket = connect(self.layout), self.layout.bucket.bucket
        try:
            _empty(s3, bucket)
            s3.delete_bucket(Bucket=bucket)
        except (ClientError, BotoCoreError) as problem:
            return f"the bucket {bucket} at {self._external.url}: {problem}"
        self._made = False
        return ""


def _empty(s3: S3Client, bucket: str) -> None:
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for objects in _listed(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


def _listed(s3: S3Client, bucket: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
    """Yield every object version, in batches that one request can delete."""
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": _AT_ONCE}
    ):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if found:
            yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
