"""What the server does in its bucket, seen through the door, and how the store keeps what was written.

``pytest suites/live --env=NAME`` asks a deployment; no plan shows any of it.
"""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.judge.target.account import Declared

pytestmark = one_door


@verifies("INF-042")
def test_server_uploads(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """The server puts an object into the bucket for an upload."""
    expect_status(door.put_artifact(location, "a.bin", payload(300)), 200)

    expect_equal(bucket.under(location), {"a.bin": 300}, "objects at the location")


@verifies("INF-041")
def test_server_downloads(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The server gets an object from the bucket for a download."""
    require(door.put_artifact(location, "a.bin", payload(300)), 200)

    expect_equal(expect_status(door.get_artifact(location, "a.bin"), 200).content, payload(300), "bytes")


@verifies("INF-046")
def test_server_lists(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The server lists what the bucket holds at a location."""
    require(door.put_artifact(location, "a.bin", payload(300)), 200)
    listed = expect_status(door.list_artifacts(location), 200).document["files"]

    expect_equal([(file["path"], file["file_size"]) for file in listed], [("a.bin", 300)], "files")


@verifies("INF-043")
def test_server_deletes(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """The server deletes an object from the bucket, and only that."""
    require(door.put_artifact(location, "a.bin", payload(300)), 200)
    require(door.put_artifact(location, "b.bin", payload(300)), 200)
    expect_status(door.delete_artifact(location, "a.bin"), 200)

    expect_equal(bucket.under(location), {"b.bin": 300}, "objects at the location")


@verifies("INF-044")
def test_server_gives_uploads_up(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """The server gives an unfinished upload up, and its parts go."""
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document
    before = bucket.unfinished(location, "a.bin")
    expect_status(door.abort_multipart(location, "a.bin", begun["upload_id"]), 200)

    expect_equal([before, bucket.unfinished(location, "a.bin")], [1, 0], "unfinished uploads before and after")


@verifies("INF-060")
def test_written_objects_are_encrypted(
    *, encryption: str, declared: Declared, door: MlflowHttp, location: str, bucket: Bucket
) -> None:
    """What the run wrote is encrypted in the declared way."""
    require(door.put_artifact(location, "a.bin", b"bytes"), 200)
    kept = bucket.kept(bucket.key_for(location, "a.bin"))

    expect_equal((kept.encryption, kept.kms_key), (encryption, declared.kms_key), "encryption and KMS key")


@verifies("INF-061")
@pytest.mark.usefixtures("declared")
def test_written_objects_have_versions(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """What the run wrote has versions, the replaced one too."""
    require(door.put_artifact(location, "a.bin", b"former"), 200)
    former = bucket.kept(bucket.key_for(location, "a.bin")).version
    require(door.put_artifact(location, "a.bin", b"present"), 200)
    present = bucket.kept(bucket.key_for(location, "a.bin")).version

    assert former, "the object has no version"
    assert former != present


@verifies("INF-062")
@pytest.mark.usefixtures("declared")
def test_written_objects_are_under_no_legal_hold(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """What the run wrote is under no legal hold, and can be removed."""
    require(door.put_artifact(location, "a.bin", b"bytes"), 200)
    held = bucket.is_held(bucket.key_for(location, "a.bin"))

    expect_equal(held, False, "a legal hold")
