"""Writes many objects directly to a bucket."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from registry_conformance.judge.clients.bucket import Bucket, authorize_store, s3
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.expect import PreconditionFailed

if TYPE_CHECKING:
    import httpx


def fill(bucket: Bucket, artifact_uri: str, names: Iterable[str], content: bytes) -> None:
    """Write ``content`` under each of these names below a location."""
    import httpx  # noqa: PLC0415 - a tenth of a second, and few checks fill a bucket

    access, root = bucket.access, bucket.key_for(artifact_uri)
    places = [{"Bucket": access.bucket, "Key": f"{root}/{name}"} for name in names]
    urls = [s3(access).generate_presigned_url("put_object", Params=place) for place in places]

    def put(http: httpx.Client, url: str) -> httpx.Response:
        with authorize_store(access, "PUT", url, len(content)):
            return http.put(url, content=content)

    with httpx.Client(trust_env=False, timeout=30) as http:  # a fifth of the work that boto3 makes of it
        answers = at_once([functools.partial(put, http, url) for url in urls])
    if missed := [answer.status_code for answer in answers if not answer.is_success]:
        raise PreconditionFailed(
            f"the store to take {len(urls)} objects", f"{len(missed)} refusals, the first {missed[0]}"
        )
    bucket.evidence.note(f"{len(urls)} objects put under {root}")
