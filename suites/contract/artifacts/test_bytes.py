"""Bytes go in, lie in the bucket, and come out the same."""

from __future__ import annotations

import gzip

import pytest

from fixtures.essentials import Payload
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.sdk import Sdk
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

MIB = 1024 * 1024
SIZES = [
    pytest.param(0, id="0B", marks=verifies("ART-002")),
    pytest.param(8 * 1024, id="8KiB", marks=verifies("ART-001")),
    pytest.param(8 * MIB + 1, id="8MiB+1", marks=verifies("ART-003")),
]


@pytest.mark.parametrize("size", SIZES)
def test_upload_lies_in_the_bucket(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, size: int
) -> None:
    """An upload lies in the bucket byte for byte."""
    sent = expect_status(door.put_artifact(location, "a.bin", payload(size)), 200)
    stored = bucket.body(bucket.key_for(location, "a.bin"))

    expect_equal(stored, sent.request_body, "object")


@verifies("ART-005")
@pytest.mark.parametrize("size", [0, 8 * 1024, 8 * MIB + 1], ids=["0B", "8KiB", "8MiB+1"])
def test_download_brings_the_same_bytes(door: MlflowHttp, location: str, payload: Payload, size: int) -> None:
    """A download brings the bytes that were uploaded."""
    sent = expect_status(door.put_artifact(location, "a.bin", payload(size)), 200)
    fetched = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_equal(fetched.response_body, sent.request_body, "downloaded bytes")


@verifies("ART-007")
@pytest.mark.parametrize("size", [0, 300_000], ids=["0B", "300kB"])
@upstream_defect("mlflow#24340", versions=">=3.5.1,<=3.14.0", cases="300kB")
def test_chunked_upload_is_stored_whole(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, size: int
) -> None:
    """An upload in chunks of unannounced size is stored whole."""
    sent = expect_status(door.put_artifact(location, "a.bin", payload(size), chunked=True), 200)
    stored = bucket.body(bucket.key_for(location, "a.bin"))

    expect_equal(stored, sent.request_body, "object")


@verifies("ART-010")
def test_second_upload_replaces_the_first(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """A second upload under one name replaces the first."""
    first = expect_status(door.put_artifact(location, "a.bin", payload(300)), 200)
    before = bucket.body(bucket.key_for(location, "a.bin"))
    read = expect_status(door.get_artifact(location, "a.bin"), 200)
    second = expect_status(door.put_artifact(location, "a.bin", payload(100)), 200)
    after = bucket.body(bucket.key_for(location, "a.bin"))
    again = expect_status(door.get_artifact(location, "a.bin"), 200)

    sent = [first.request_body, second.request_body]
    expect_equal([before, after], sent, "objects before and after")
    expect_equal([read.response_body, again.response_body], sent, "downloads before and after")


@verifies("ART-020")
def test_compressed_file_passes_as_it_is(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """A compressed file is neither compressed nor decompressed on the way."""
    packed = gzip.compress(payload(1000), mtime=0)
    require(door.put_artifact(location, "a.tar.gz", packed), 200)
    fetched = expect_status(door.get_artifact(location, "a.tar.gz"), 200)

    expect_equal(bucket.body(bucket.key_for(location, "a.tar.gz")), Body.of([packed]), "object")
    expect_equal(fetched.response_body, Body.of([packed]), "downloaded bytes")


@pytest.mark.usefixtures("through_the_door")
@verifies("ART-004")
def test_large_file_of_the_sdk_lies_in_the_bucket(sdk: Sdk, run: Run, payload: Payload, bucket: Bucket) -> None:
    """A file above the client's multipart threshold lies in the bucket."""
    sent = sdk.upload(run.id, "big.bin", payload(11 * MIB), multipart_from=10 * MIB, part=5 * MIB)
    stored = bucket.body(bucket.key_for(run.location, "big.bin"))

    assert sent.by_multipart, "the SDK did not take the multipart route"
    expect_equal(stored, sent.body, "object")
