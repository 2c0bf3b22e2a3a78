"""Objects and settings of the bucket, read with the owner's credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registry_conformance.judge.clients.bucket import Bucket, s3
from registry_conformance.judge.diagnosis.answer_judges import sameness
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.target import BucketAccess


def record_stored(context: ProbeContext, name: str, path: str, content: bytes, put: Exchange) -> None:
    """Record the state of an artifact's object: ``whole``, ``absent``, ``short``, ``long``, ``empty`` or ``other``.

    After a rejected upload only if something was stored anyway; nothing if the bucket is not accessible.
    """
    bucket = context.bucket
    if bucket is None:
        context.facts.unseen(name, context.no_bucket)
        return
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - a third of a second, for who looks

    key = under(bucket.access, path)
    try:
        body = bucket.body(key)
    except (BotoCoreError, ClientError) as problem:
        context.facts.unseen(name, f"the bucket does not let the suite look: {problem}")
        return
    value = "absent" if body is None else sameness(body.size, body.sha256, content)
    if put.ok:
        context.facts.record(name, value, f"the object of an accepted upload ({len(content)} B) is {value}", "whole")
    elif body is not None:
        value = f"{value} though refused"
        context.facts.record(name, value, f"the object of an upload that was not accepted is {value}", "absent")
    else:
        context.facts.unseen(name, "nothing was uploaded")


def under(access: BucketAccess, path: str) -> str:
    """Return the key of a path below the artifact prefix, which may be empty."""
    return "/".join(filter(None, (access.prefix.strip("/"), path)))


def planted(bucket: Bucket, path: str, content: bytes) -> str:
    """Write an object below the artifact prefix as the bucket's owner; return the error, empty if none."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    try:
        key = under(bucket.access, path)
        owner(bucket.access).put_object(Bucket=bucket.access.bucket, Key=key, Body=content)
    except (BotoCoreError, ClientError) as problem:
        return type(problem).__name__
    return ""


def owner(access: BucketAccess) -> Any:
    """Return an S3 client with the target's own credentials for the bucket and short timeouts."""
    return s3(access, patience=3, attempts=1)


def settings(context: ProbeContext) -> None:
    """Read the bucket's settings: versioning, lifecycle, policy, public access."""
    if context.bucket is None:
        context.facts.unseen("settings.versions.S", context.no_bucket)
        return
    access, client = context.bucket.access, owner(context.bucket.access)
    for aspect, read, normal in (
        ("versions", _versions, "Enabled"),
        ("lifecycle", _lifecycle, "none|harmless"),
        ("policy", _policy, "none|private"),
        ("encryption", _encryption, ""),
        ("uploads", _uploads, ""),
    ):
        value = _read(read, client, access.bucket)
        context.facts.record(f"settings.{aspect}.S", value, f"the bucket's {aspect}: {value}", normal or ".*")


def _read(read: Callable[[Any, str], str], client: Any, bucket: str) -> str:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    try:
        return read(client, bucket)
    except ClientError as refusal:
        code = str(refusal.response.get("Error", {}).get("Code", ""))
        return "none" if code.startswith("NoSuch") or "NotFound" in code else code or "unknown"
    except BotoCoreError as problem:
        return type(problem).__name__


def _versions(client: Any, bucket: str) -> str:
    return str(client.get_bucket_versioning(Bucket=bucket).get("Status", "off"))


def _lifecycle(client: Any, bucket: str) -> str:
    rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    expiring = [
        rule for rule in rules if rule.get("Status") == "Enabled" and {"Days", "Date"} & set(rule.get("Expiration", {}))
    ]
    return "expires current objects" if expiring else "harmless"


def _policy(client: Any, bucket: str) -> str:
    text = client.get_bucket_policy(Bucket=bucket)["Policy"]
    return "public" if '"Allow"' in text and '"*"' in text.replace("s3:*", "") else "private"


def _encryption(client: Any, bucket: str) -> str:
    client.get_bucket_encryption(Bucket=bucket)
    return "on"


def _uploads(client: Any, bucket: str) -> str:
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
    return "none" if not uploads else "some left"
