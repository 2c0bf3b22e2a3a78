"""Every size passes whole: from nothing to past the multipart threshold."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.partial_transfers import announce
from registry_conformance.judge.expect import expect_equal, expect_status
from registry_conformance.judge.requirement import upstream_defect, verifies

MIB = 1024 * 1024
LADDER = {
    "0B": 0,
    "1B": 1,
    "4KiB": 4 * 1024,
    "64KiB": 64 * 1024,
    "1MiB": MIB,
    "8MiB-1": 8 * MIB - 1,
    "8MiB": 8 * MIB,
    "8MiB+1": 8 * MIB + 1,
    "20MiB": 20 * MIB,
}

ANNOUNCED = {"100MiB": 100 * MIB, "2GiB": 2048 * MIB, "5GiB": 5120 * MIB}

pytestmark = one_door


@verifies("ART-023")
@pytest.mark.parametrize("size", LADDER.values(), ids=LADDER)
def test_size_passes_whole(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, size: int) -> None:
    """An artifact of any size is stored and read back whole."""
    sent = expect_status(door.put_artifact(location, "a.bin", payload(size)), 200)
    fetched = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_equal(bucket.body(bucket.key_for(location, "a.bin")), sent.request_body, "object")
    expect_equal(fetched.response_body, sent.request_body, "downloaded bytes")


@verifies("ART-023", "ART-007")
@pytest.mark.parametrize("size", [64 * 1024, 8 * MIB + 1], ids=["64KiB", "8MiB+1"])
@upstream_defect("mlflow#24340", versions=">=3.5.1,<=3.14.0")
def test_chunked_size_passes_whole(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, size: int
) -> None:
    """An upload in chunks of any size is stored whole."""
    sent = expect_status(door.put_artifact(location, "a.bin", payload(size), chunked=True), 200)

    expect_equal(bucket.body(bucket.key_for(location, "a.bin")), sent.request_body, "object")


@verifies("ART-009")
@pytest.mark.parametrize("size", [0, 1, 8 * MIB + 1], ids=["0B", "1B", "8MiB+1"])
def test_listing_tells_the_size(door: MlflowHttp, location: str, payload: Payload, size: int) -> None:
    """A listing reports the size of an uploaded artifact."""
    expect_status(door.put_artifact(location, "a.bin", payload(size)), 200)
    listed = expect_status(door.list_artifacts(location), 200).document["files"]

    expect_equal([(entry["path"], int(entry.get("file_size", 0))) for entry in listed], [("a.bin", size)], "files")


@verifies("ART-064")
@pytest.mark.parametrize("size", ANNOUNCED)
@upstream_defect("gunicorn#3234", versions="<=3.1.4", at_times=True)
def test_announced_upload_is_told_to_go_on(door: MlflowHttp, location: str, bucket: Bucket, size: str) -> None:
    """An upload of this size with Expect 100-continue gets 100 Continue."""
    asked = announce(door, location, "announced.bin", ANNOUNCED[size])

    expect_equal((asked.told_to_go_on, asked.status), (True, None), "100, and any other status before the body")
    expect_equal(bucket.under(location), {}, "objects of what was never sent")
