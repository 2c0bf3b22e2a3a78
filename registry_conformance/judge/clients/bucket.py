"""Access to the bucket by boto3 with explicit credentials, independent of the environment's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from registry_conformance.judge.clients import aws
from registry_conformance.judge.clients.mlflow_http import location_path
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.requests import ARTIFACT, GuardError, Made, Permit
from registry_conformance.judge.target.target import BucketAccess

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024
MOST_PAGES = 5_000
"""A listing of more pages than these has no end."""
_NO_KEY = frozenset({"XMinioInvalidResourceName", "XMinioInvalidObjectName"})
"""How MinIO says that no object can have such a key: it has ``.`` or ``..`` between slashes, or an empty part."""
_READS = frozenset({"GET", "HEAD"})
Mine = Callable[[str, datetime], bool]
"""Whether something in a listing is one's own, by its key and when it was put there."""


@functools.cache
def s3(access: BucketAccess, patience: float = 30, attempts: int = 2) -> S3Client:
    """Return a cached client for a bucket, because creating one is slow; its guard authorizes requests.

    ``patience`` limits each wait for a response, in seconds.
    """
    made: S3Client = aws.client(
        "s3",
        aws.access_of(access),
        attempts=attempts,
        connect=min(5, patience),
        read=patience,
        proxy=access.network.proxy_for(access.endpoint),
        ca=access.network.ca,
        ask=functools.partial(authorize_store, access),
    )
    return made


def authorize_store(access: BucketAccess, method: str, url: str, size: int = 0) -> Permit:
    """Authorize a request to a bucket; raise ``NotAllowed`` if its guard rejects it."""
    path = unquote(urlsplit(url).path)
    permit = Permit(f"{method} {path}")
    if access.guard is None or method in _READS:
        return permit
    thing = Made(ARTIFACT, _relative(access, path), "past the door")
    if method not in ("PUT", "DELETE"):
        raise NotAllowed("a request to the bucket whose path tells what it changes", f"{method} {path}")
    made, removes = (thing, None) if method == "PUT" else (None, thing)
    try:
        access.guard.allow(method, path, size, made, "past the door", removes=removes)
    except GuardError as refusal:
        raise NotAllowed("a request to the bucket that this run may send", str(refusal)) from refusal
    return permit


def _relative(access: BucketAccess, path: str) -> str:
    """Return a request's key relative to the artifact root; raise ``NotAllowed`` for one outside."""
    root = f"/{access.bucket}/{access.prefix.strip('/')}".rstrip("/") + "/"
    if not path.startswith(root):
        raise NotAllowed(f"a key below {root}", path[:200])
    return path.removeprefix(root)


class BucketError(RuntimeError):
    """The store rejected a request, or did not delete an object; the message says which."""


_WITHOUT_LOCK = {
    "InvalidRequest",
    "NoSuchObjectLockConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "NotImplemented",
    "XNotImplemented",
    "MethodNotAllowed",
}
"""What stores say of a legal hold in a bucket without Object Lock, or where they have none."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How the store holds an object: encryption, KMS key and version in S3's terms, empty if none."""

    encryption: str
    kms_key: str
    version: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """Direct access to the objects of the store.

    Keys are complete S3 keys; ``key_for`` derives them from what the API returns.
    """

    access: BucketAccess
    evidence: Evidence

    def key_for(self, artifact_uri: str, path: str = "") -> str:
        """Return the key of ``path`` below a location from the API, proxied or ``s3://``."""
        direct = f"s3://{self.access.bucket}/"
        if artifact_uri.startswith(direct):
            root = artifact_uri.removeprefix(direct).strip("/")
        else:
            root = "/".join(filter(None, (self.access.prefix.strip("/"), location_path(artifact_uri))))
        return f"{root}/{path}" if path else root

    def head(self, key: str) -> int | None:
        """Return the size in bytes of the object under ``key``, ``None`` if there is none."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - not every worker looks

        try:
            return s3(self.access).head_object(Bucket=self.access.bucket, Key=key)["ContentLength"]
        except ClientError as problem:
            status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 404:
                self.evidence.note(f"no object {key}")
                return None
            if status == 400:  # the response to HEAD has no error code; the one to a listing has
                return self.keys(key).get(key)
            raise

    def body(self, key: str) -> Body | None:
        """Return size and sha256 of the object under ``key``, streamed; ``None`` if there is none."""
        if self.head(key) is None:
            return None
        stream = s3(self.access).get_object(Bucket=self.access.bucket, Key=key)["Body"]
        body = Body.of(iter(lambda: stream.read(CHUNK), b""))
        self.evidence.object(key, body.size, body.sha256)
        return body

    def is_held(self, key: str) -> bool:
        """Return whether the object under ``key`` is under a legal hold; without Object Lock it never is.

        Raises ``PreconditionFailed`` if reading that is denied.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415 - not every worker looks

        try:
            found = s3(self.access).get_object_legal_hold(Bucket=self.access.bucket, Key=key)
        except ClientError as problem:
            if problem.response.get("Error", {}).get("Code") in _WITHOUT_LOCK:
                return False
            raise PreconditionFailed(f"an object {key} whose legal hold can be read", str(problem)) from problem
        status = found.get("LegalHold", {}).get("Status", "OFF")
        self.evidence.note(f"{key} has the legal hold {status}")
        return bool(status == "ON")

    def kept(self, key: str) -> Kept:
        """Return how the store holds the object under ``key``; raise ``PreconditionFailed`` if it does not exist."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - not every worker looks

        try:
            found = s3(self.access).head_object(Bucket=self.access.bucket, Key=key)
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
        found = s3(self.access).list_object_versions(Bucket=self.access.bucket, Prefix=key).get("Versions", ())
        return sum(version["Key"] == key for version in found)

    def version_count(self, prefix: str) -> dict[str, int]:
        """Return key -> number of versions of each object under ``prefix``; 1 without versioning."""
        found: dict[str, int] = {}
        for page in self._pages("list_object_versions", prefix):
            for version in page.get("Versions", ()):
                found[version["Key"]] = found.get(version["Key"], 0) + 1
        return found

    def unfinished(self, artifact_uri: str, path: str) -> int:
        """Return the number of multipart uploads of an artifact that were neither completed nor aborted."""
        key = self.key_for(artifact_uri, path)
        found = s3(self.access).list_multipart_uploads(Bucket=self.access.bucket, Prefix=key)
        return len(found.get("Uploads", ()))

    def keys(self, prefix: str) -> dict[str, int]:
        """Return key -> size in bytes of every object under ``prefix``, all pages."""
        pages = self._pages("list_objects_v2", prefix)
        found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", ())}
        self.evidence.note(f"{len(found)} objects under {prefix}")
        return found

    def purge(self, root: str, mine: Mine) -> list[str]:
        """Delete all versions and delete markers below ``root`` that are ``mine``; return the keys that remain.

        All are inspected before the first is deleted. Raises ``BucketError`` if the store rejects a request.
        """
        with _as_bucket_error():
            for key, version in self._versions(root, mine):
                s3(self.access).delete_object(Bucket=self.access.bucket, Key=key, VersionId=version)
            return sorted({key for key, _ in self._versions(root, mine)})

    def _versions(self, root: str, mine: Mine) -> list[tuple[str, str]]:
        found: list[Any] = []
        for page in self._pages("list_object_versions", root):
            found += [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        return [(one["Key"], one["VersionId"]) for one in found if mine(one["Key"], one["LastModified"])]

    def version_keys(self, begin: str) -> list[str]:
        """Return the keys with this prefix that have a version or a delete marker."""
        with _as_bucket_error():
            return sorted({key for key, _ in self._versions(begin, lambda *_: True)})

    def unfinished_keys(self, begin: str) -> list[str]:
        """Return the keys with this prefix that have unfinished uploads, if the store lists them by prefix."""
        with _as_bucket_error():
            return sorted({key for key, _ in self._unfinished(begin, lambda *_: True)})

    def give_up(self, key: str, mine: Mine) -> None:
        """Abort every unfinished upload of ``key`` that is ``mine``; raise ``BucketError`` if one remains.

        Needs the complete key: MinIO does not list unfinished uploads by prefix.
        """
        with _as_bucket_error():
            for own, upload_id in self._unfinished(key, mine):
                s3(self.access).abort_multipart_upload(Bucket=self.access.bucket, Key=own, UploadId=upload_id)
            left = self._unfinished(key, mine)
        if left:
            raise BucketError(f"the bucket still lists an unfinished upload of {left[0][0]}")

    def _unfinished(self, begin: str, mine: Mine) -> list[tuple[str, str]]:
        found = [one for page in self._pages("list_multipart_uploads", begin) for one in page.get("Uploads", ())]
        return [(one["Key"], one["UploadId"]) for one in found if mine(one["Key"], one["Initiated"])]

    def _pages(self, listing: str, begin: str) -> Iterator[Mapping[str, Any]]:
        """Yield each page of a listing by prefix; none if the store rejects such a prefix (``..``).

        Raises ``BucketError`` for a listing that does not end.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415 - not every worker looks

        paginator: Any = s3(self.access).get_paginator(cast(Any, listing))
        try:
            for number, page in enumerate(paginator.paginate(Bucket=self.access.bucket, Prefix=begin)):
                if number >= MOST_PAGES:
                    raise BucketError(f"the bucket lists more than {MOST_PAGES} pages of what begins with {begin}")
                yield page
        except ClientError as problem:
            if problem.response.get("Error", {}).get("Code", "") not in _NO_KEY:
                raise
            self.evidence.note(f"the store takes no key like {begin}: {problem.response['Error']['Code']}")

    def under(self, artifact_uri: str, folder: str = "") -> dict[str, int]:
        """Return path -> size of every object below a location, paths relative to it."""
        root = self.key_for(artifact_uri) + "/"
        return {key.removeprefix(root): size for key, size in self.keys(root + folder).items()}


@contextmanager
def _as_bucket_error() -> Iterator[None]:
    """Raise errors of the store as ``BucketError``."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - not every worker looks

    try:
        yield
    except (ClientError, BotoCoreError) as problem:
        raise BucketError(_error_words(problem)) from problem


def _error_words(problem: Exception) -> str:
    """Return the operation and error code of a store error, without S3's own sentence."""
    response = getattr(problem, "response", None)
    if isinstance(response, dict):
        code = response.get("Error", {}).get("Code", "")
        return f"the bucket answers {getattr(problem, 'operation_name', 'a request')} with {code or 'no code'}"
    return f"the bucket: {problem}"


class SigningStore:
    """A store that verifies the signatures of presigned URLs."""

    @staticmethod
    def forge(url: str) -> str:
        """Return a presigned URL with its signature changed."""
        head, mark, signature = url.partition("X-Amz-Signature=")
        return head + mark + ("0" if signature[0] != "0" else "1") + signature[1:]
