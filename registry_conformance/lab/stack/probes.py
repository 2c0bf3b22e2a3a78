"""What the store enforces, found by experiment; a check that needs more is inapplicable, never passed."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.store import connect

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

_KEY = ".conformance-probe"
_BODY = b"probe"


def probe(layout: Layout) -> dict[str, Capability]:
    """Return each store capability, present or absent with the reason; leaves nothing in the bucket.

    moto 5.2.5 answers 200 to every one of these violations.
    """
    s3, bucket = connect(layout), layout.bucket.bucket
    s3.put_object(Bucket=bucket, Key=_KEY, Body=_BODY)
    found = {
        "store-enforces-keys": _refuses(lambda: _wrong_key(layout), "a request signed with a wrong secret key"),
        "store-enforces-signatures": _refuses(
            lambda: _tampered(s3, bucket), "a presigned URL with a changed signature"
        ),
        "store-expires-presigned": _refuses(lambda: _expired(s3, bucket), "a presigned URL past its expiry"),
        "store-verifies-md5": _refuses(lambda: _wrong_md5(s3, bucket), "an upload with a wrong Content-MD5"),
        "store-verifies-checksums": _refuses(lambda: _wrong_crc(s3, bucket), "an upload with a wrong checksum"),
        "store-orders-parts": _orders_parts(s3, bucket),
        "store-versions": _versions(s3, bucket),
    }
    for version in s3.list_object_versions(Bucket=bucket, Prefix=_KEY).get("Versions", ()):
        s3.delete_object(Bucket=bucket, Key=_KEY, VersionId=version["VersionId"])
    return found


def _refuses(violation: Callable[[], object], what: str) -> Capability:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see connect()

    try:
        violation()
    except (ClientError, urllib.error.HTTPError):
        return Capability(True)
    return Capability(False, f"the store accepts {what}")


def _wrong_key(layout: Layout) -> None:
    connect(layout, secret_key="wrong-" + layout.bucket.secret_key).head_bucket(Bucket=layout.bucket.bucket)


def _tampered(s3: S3Client, bucket: str) -> None:
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": _KEY}, ExpiresIn=60)
    _fetch(url[:-4] + ("0000" if not url.endswith("0000") else "1111"))


def _expired(s3: S3Client, bucket: str) -> None:
    _fetch(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": _KEY}, ExpiresIn=-60))


def _fetch(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(url, timeout=10).close()


def _wrong_md5(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=_KEY, Body=_BODY, ContentMD5=base64.b64encode(bytes(16)).decode())


def _wrong_crc(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=_KEY, Body=_BODY, ChecksumCRC32=base64.b64encode(bytes(4)).decode())


def _orders_parts(s3: S3Client, bucket: str) -> Capability:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see connect()

    upload = s3.create_multipart_upload(Bucket=bucket, Key=_KEY)["UploadId"]
    tags = [
        s3.upload_part(Bucket=bucket, Key=_KEY, UploadId=upload, PartNumber=number, Body=_BODY)["ETag"]
        for number in (1, 2)
    ]
    named: list[CompletedPartTypeDef] = [{"PartNumber": 2, "ETag": tags[1]}, {"PartNumber": 1, "ETag": tags[0]}]
    try:
        s3.complete_multipart_upload(Bucket=bucket, Key=_KEY, UploadId=upload, MultipartUpload={"Parts": named})
    except ClientError as refusal:
        s3.abort_multipart_upload(Bucket=bucket, Key=_KEY, UploadId=upload)
        if refusal.response["Error"]["Code"] == "InvalidPartOrder":
            return Capability(True)
    return Capability(False, "the store accepts parts named out of order")


def _versions(s3: S3Client, bucket: str) -> Capability:
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
        return Capability(True)
    return Capability(False, "the bucket keeps no versions")
