"""What really lies in the bucket: boto3 with explicit credentials, nothing of the environment's."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_conformance.judge.clients import aws
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import location_path
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.target.target import BucketAccess

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024


@functools.cache
def _client(access: BucketAccess) -> S3Client:
    """Return one client for all looks at a bucket: making one costs more than a look."""
    network = access.network
    made: S3Client = aws.client(
        "s3", aws.access_of(access), attempts=2, proxy=network.proxy_for(access.endpoint), ca=network.ca
    )
    return made


@dataclass(frozen=True, slots=True)
class Kept:
    """How the store keeps an object: encryption, KMS key and version as S3 names them, empty where it has none."""

    encryption: str
    kms_key: str
    version: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """The store's inside. Keys are whole S3 keys; ``key_for`` makes them from what the API says."""

    access: BucketAccess
    evidence: Evidence

    def key_for(self, artifact_uri: str, path: str = "") -> str:
        """Return the key of ``path`` under a location that the API gave, proxied or ``s3://``."""
        direct = f"s3://{self.access.bucket}/"
        if artifact_uri.startswith(direct):
            root = artifact_uri.removeprefix(direct).strip("/")
        else:
            root = "/".join(filter(None, (self.access.prefix.strip("/"), location_path(artifact_uri))))
        return f"{root}/{path}" if path else root

    def head(self, key: str) -> int | None:
        """Return the size in bytes of the object under ``key``, ``None`` where there is none."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - see _client

        try:
            return _client(self.access).head_object(Bucket=self.access.bucket, Key=key)["ContentLength"]
        except ClientError as problem:
            if problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                self.evidence.note(f"no object {key}")
                return None
            raise

    def body(self, key: str) -> Body | None:
        """Return size and sha256 of the object under ``key``, streamed; ``None`` where there is none."""
        if self.head(key) is None:
            return None
        stream = _client(self.access).get_object(Bucket=self.access.bucket, Key=key)["Body"]
        body = Body.of(iter(lambda: stream.read(CHUNK), b""))
        self.evidence.object(key, body.size, body.sha256)
        return body

    def kept(self, key: str) -> Kept:
        """Return how the store keeps the object under ``key``; raise ``PreconditionFailed`` where there is none."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - see _client

        try:
            found = _client(self.access).head_object(Bucket=self.access.bucket, Key=key)
        except ClientError as problem:
            raise PreconditionFailed(f"an object {key} whose headers can be read", str(problem)) from problem
        version = found.get("VersionId", "")
        kept = Kept(
            found.get("ServerSideEncryption", ""), found.get("SSEKMSKeyId", ""), "" if version == "null" else version
        )
        self.evidence.note(f"{key} is kept as {kept}")
        return kept

    def versions(self, key: str) -> int:
        """Return how many versions the object under ``key`` has."""
        found = _client(self.access).list_object_versions(Bucket=self.access.bucket, Prefix=key).get("Versions", ())
        return sum(version["Key"] == key for version in found)

    def unfinished(self, artifact_uri: str, path: str) -> int:
        """Return how many uploads of an artifact were begun, and neither joined nor given up."""
        key = self.key_for(artifact_uri, path)
        found = _client(self.access).list_multipart_uploads(Bucket=self.access.bucket, Prefix=key)
        return len(found.get("Uploads", ()))

    def keys(self, prefix: str) -> dict[str, int]:
        """Return key -> size in bytes of every object under ``prefix``, all pages."""
        pages = _client(self.access).get_paginator("list_objects_v2").paginate(Bucket=self.access.bucket, Prefix=prefix)
        found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", ())}
        self.evidence.note(f"{len(found)} objects under {prefix}")
        return found

    def fill(self, artifact_uri: str, names: Iterable[str], content: bytes) -> None:
        """Put ``content`` under each of these names of a location, past every part of the deployment."""
        import httpx  # noqa: PLC0415 - one check alone fills a folder

        client, root = _client(self.access), self.key_for(artifact_uri)
        places = [{"Bucket": self.access.bucket, "Key": f"{root}/{name}"} for name in names]
        urls = [client.generate_presigned_url("put_object", Params=place) for place in places]
        with httpx.Client(trust_env=False, timeout=30) as http:  # a fifth of the work that boto3 makes of it
            answers = at_once([functools.partial(http.put, url, content=content) for url in urls])
        if missed := [answer.status_code for answer in answers if not answer.is_success]:
            raise PreconditionFailed(
                f"the store to take {len(urls)} objects", f"{len(missed)} refusals, the first {missed[0]}"
            )
        self.evidence.note(f"{len(urls)} objects put under {root}")

    def purge(self, root: str) -> str:
        """Remove the object ``root`` and all below it for good: every version and delete marker.

        Returns why some are left, empty where none is.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _client

        client, below = _client(self.access), f"{root}/"
        bucket = self.access.bucket
        try:
            for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=root):
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                for key, version in [(one["Key"], one["VersionId"]) for one in found]:
                    if key == root or key.startswith(below):
                        client.delete_object(Bucket=bucket, Key=key, VersionId=version)
        except (ClientError, BotoCoreError) as problem:
            return _words(problem)
        return ""

    def everything(self) -> list[str]:
        """Return each version and delete marker of each object, as ``key version``."""
        pages = _client(self.access).get_paginator("list_object_versions").paginate(Bucket=self.access.bucket)
        found = [one for page in pages for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))]
        return [f"{one['Key']} {one['VersionId']}" for one in found]

    def uploads(self, key: str) -> list[str]:
        """Return each unfinished upload of the object ``key``, as ``key id``."""
        pages = _client(self.access).get_paginator("list_multipart_uploads")
        found = [up for page in pages.paginate(Bucket=self.access.bucket, Prefix=key) for up in page.get("Uploads", ())]
        return [f"{key} {upload['UploadId']}" for upload in found if upload["Key"] == key]

    def unfinished_keys(self, begin: str) -> list[str]:
        """Return the keys that begin so and have unfinished uploads, where the store lists them by that."""
        pages = _client(self.access).get_paginator("list_multipart_uploads")
        found = [
            up for page in pages.paginate(Bucket=self.access.bucket, Prefix=begin) for up in page.get("Uploads", ())
        ]
        return sorted({upload["Key"] for upload in found})

    def give_up(self, key: str) -> str:
        """Give up every unfinished upload of the object ``key``; return why some are left, empty where none is.

        By its whole key: MinIO lists no unfinished upload by the beginning of its key.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _client

        client, bucket = _client(self.access), self.access.bucket
        try:
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key):
                for upload in page.get("Uploads", ()):
                    if upload["Key"] == key:
                        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload["UploadId"])
        except (ClientError, BotoCoreError) as problem:
            return _words(problem)
        return ""

    def under(self, artifact_uri: str, folder: str = "") -> dict[str, int]:
        """Return path -> size of every object under a folder of a location, paths relative to the location."""
        root = self.key_for(artifact_uri) + "/"
        return {key.removeprefix(root): size for key, size in self.keys(root + folder).items()}


def _words(problem: Exception) -> str:
    """Return what the store refused, and how, without the sentence that S3 adds."""
    response = getattr(problem, "response", None)
    if isinstance(response, dict):
        return f"the bucket answers {getattr(problem, 'operation_name', 'a request')} with {response['Error']['Code']}"
    return f"the bucket: {problem}"


class SigningStore:
    """A store that looks at the signatures of presigned URLs."""

    @staticmethod
    def forge(url: str) -> str:
        """Return a presigned URL with its signature changed."""
        head, mark, signature = url.partition("X-Amz-Signature=")
        return head + mark + ("0" if signature[0] != "0" else "1") + signature[1:]
