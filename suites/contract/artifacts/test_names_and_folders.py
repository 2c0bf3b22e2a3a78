"""Artifacts are stored, listed, deleted and missed by exactly their names."""

from __future__ import annotations

import pytest

from fixtures.essentials import Payload, Unique
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

NAMES = ["deep/er/100% sure ✓.txt", "grün/a+b&c=d;e?.txt"]
"""What every door is asked; test_names.py asks one door for each character by itself."""
ESCAPES = ["..%2f..%2f{}", "%2e%2e/%2e%2e/{}", "%252e%252e/{}", "..%5c..%5c{}"]


@verifies("ART-008")
@pytest.mark.parametrize("name", NAMES)
@upstream_defect("not reported upstream", versions="<=3.12.0", cases="100%")
def test_name_is_kept(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, name: str) -> None:
    """An artifact is stored and found under exactly its name."""
    expect_status(door.put_artifact(location, name, payload(100)), 200)
    fetched = expect_status(door.get_artifact(location, name), 200)

    expect_equal(bucket.under(location), {name: 100}, "objects at the location")
    expect_equal(fetched.content, payload(100), "bytes")


@verifies("ART-009")
def test_listing_tells_files_from_folders(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A listing names each file with its size and each folder."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.put_artifact(location, "folder/b.bin", payload(50)), 200)
    top = expect_status(door.list_artifacts(location), 200).document["files"]
    below = expect_status(door.list_artifacts(location, "folder"), 200).document["files"]

    expect_equal({entry["path"]: entry["is_dir"] for entry in top}, {"a.bin": False, "folder": True}, "top")
    expect_equal([(entry["path"], int(entry["file_size"])) for entry in below], [("b.bin", 50)], "folder")


@verifies("ART-021")
def test_listing_of_nothing_is_empty(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A location that holds nothing lists as empty."""
    before = expect_status(door.list_artifacts(location), 200)
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    after = expect_status(door.list_artifacts(location), 200)

    expect_equal(before.document.get("files", []), [], "files before")
    assert after.document["files"], after  # control: the listing can be other than empty


@verifies("ART-011")
def test_deleted_artifact_is_gone(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """A deleted artifact is gone, and only that one."""
    require(door.put_artifact(location, "gone.bin", payload(100)), 200)
    require(door.put_artifact(location, "kept.bin", payload(50)), 200)
    before = bucket.under(location)
    deleted = expect_status(door.delete_artifact(location, "gone.bin"), 200)
    listed = expect_status(door.list_artifacts(location), 200).document["files"]

    expect_equal(deleted.document, {}, "answer")
    expect_equal(before, {"gone.bin": 100, "kept.bin": 50}, "objects before")
    expect_equal(bucket.under(location), {"kept.bin": 50}, "objects after")
    expect_equal([entry["path"] for entry in listed], ["kept.bin"], "listed files")


@verifies("ART-012")
def test_missing_artifact_is_an_error(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The download of an artifact that does not exist is an error."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.get_artifact(location, "a.bin"), 200)  # control: what exists is downloaded
    missed = door.get_artifact(location, "b.bin")

    assert missed.status is not None, missed
    assert missed.status >= 400, missed


@verifies("ART-022")
def test_missing_artifact_is_not_presigned(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The presigned download of a missing artifact is a 404."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.presign_artifact(location, "a.bin"), 200)  # control: what exists is presigned

    expect_refused(door.presign_artifact(location, "b.bin"), 404)


@verifies("ART-013")
@pytest.mark.parametrize("escape", ESCAPES)
def test_upload_reaches_nothing_above_the_root(
    door: MlflowHttp, location: str, bucket: Bucket, unique: Unique, escape: str
) -> None:
    """An upload whose path climbs stores nothing above the root."""
    name = unique("escaped")
    climbed = door.send("PUT", f"{ARTIFACTS}/artifacts/{escape.format(name)}", body=b"x" * 100)

    require(door.put_artifact(location, "a.bin", b"x" * 100), 200)  # control: honest paths are stored
    assert climbed.status is not None, climbed
    expect_equal(bucket.keys(name), {}, "objects above the root")


@verifies("ART-062")
@pytest.mark.parametrize("escape", ESCAPES)
def test_upload_does_not_leave_the_root(
    door: MlflowHttp, location: str, bucket: Bucket, unique: Unique, escape: str
) -> None:
    """An upload whose path climbs out of the root is refused."""
    name = unique("escaped")
    climbed = door.send("PUT", f"{ARTIFACTS}/artifacts/{escape.format(name)}", body=b"x" * 100)

    require(door.put_artifact(location, "a.bin", b"x" * 100), 200)  # control: honest paths are stored
    assert climbed.refused, climbed
    expect_equal(bucket.keys(name), {}, "objects above the root")


@verifies("ART-013")
@pytest.mark.parametrize("climbing", ["../..", "/etc", "a/../../b"])
def test_listing_does_not_leave_the_root(door: MlflowHttp, location: str, climbing: str) -> None:
    """A listing whose path climbs out of the root is refused."""
    require(door.list_artifacts(location), 200)  # control: honest paths are listed
    climbed = door.send("GET", f"{ARTIFACTS}/artifacts", query={"path": climbing})

    expect_refused(climbed, 400, "INVALID_PARAMETER_VALUE")
