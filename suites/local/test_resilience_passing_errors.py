"""Passing errors of the store do not show: what was asked is done, once, byte for byte."""

from __future__ import annotations

import pytest

from fixtures.essentials import Payload, Unique
from fixtures.scratch_stack import Scratch
from fixtures.store_faults import TROUBLE, WATCHED, troubled
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

LARGE = 9_000_000
"""Bytes that MLflow sends to the store in two parts."""
BOTH_ENDS = {"CreateMultipartUpload": 2, "CompleteMultipartUpload": 2}


@verifies("RES-001")
@pytest.mark.parametrize(("trouble", "times"), [("slow-down", 2), ("internal-error", 1), ("reset", 1)])
def test_upload_outlives_passing_errors(
    scratch: Scratch, payload: Payload, unique: Unique, trouble: str, times: int
) -> None:
    """An upload outlives passing errors and is stored once."""
    place = f"mlflow-artifacts:/{unique('place')}"
    door = scratch.apply(troubled("store", TROUBLE[trouble], "put", times))
    sent = expect_status(door.put_artifact(place, "a.bin", payload(400_000)), 200)
    key = scratch.bucket.key_for(place, "a.bin")

    expect_equal(scratch.attempts(sent), {"PutObject": times + 1}, "attempts")  # control: there was trouble
    expect_equal(scratch.bucket.body(key), sent.request_body, "object")
    expect_equal(scratch.bucket.versions(key), 1, "versions of the object")


@verifies("RES-002")
@pytest.mark.parametrize("trouble", ["slow-down", "reset"])
def test_download_outlives_passing_errors(scratch: Scratch, payload: Payload, unique: Unique, trouble: str) -> None:
    """A download outlives a passing error, byte for byte."""
    place = f"mlflow-artifacts:/{unique('place')}"
    sent = require(scratch.apply(WATCHED).put_artifact(place, "a.bin", payload(400_000)), 200)
    door = scratch.apply(troubled("store", TROUBLE[trouble], "get", 1))
    back = expect_status(door.get_artifact(place, "a.bin"), 200)

    expect_equal(scratch.attempts(back), {"GetObject": 2}, "attempts")  # control: there was trouble
    expect_equal(back.response_body, sent.request_body, "downloaded bytes")


@verifies("RES-002")
@upstream_defect("botocore#3132", versions="<=2.9.2")
def test_download_outlives_a_cut_answer(scratch: Scratch, payload: Payload, unique: Unique) -> None:
    """A download outlives an answer of the store that was cut."""
    place = f"mlflow-artifacts:/{unique('place')}"
    sent = require(scratch.apply(WATCHED).put_artifact(place, "a.bin", payload(400_000)), 200)
    cut = scratch.apply(troubled("store", TROUBLE["cut-answer"], "get"))
    require(cut.get_artifact(place, "a.bin"), 500, 503)  # control: a lasting one shows
    door = scratch.apply(troubled("store", TROUBLE["cut-answer"], "get", 2))
    back = expect_status(door.get_artifact(place, "a.bin"), 200)

    expect_equal(back.response_body, sent.request_body, "downloaded bytes")


@verifies("RES-003")
@pytest.mark.parametrize("trouble", ["slow-down", "reset"])
def test_listing_outlives_passing_errors(scratch: Scratch, unique: Unique, trouble: str) -> None:
    """A listing outlives a passing error and is whole."""
    place = f"mlflow-artifacts:/{unique('place')}"
    require(scratch.apply(WATCHED).put_artifact(place, "a.bin", b"x"), 200)
    door = scratch.apply(troubled("store", TROUBLE[trouble], "list", 1))
    listed = expect_status(door.list_artifacts(place), 200)

    expect_equal(scratch.attempts(listed), {"ListObjectsV2": 2}, "attempts")  # control: there was trouble
    expect_equal([file["path"] for file in listed.document["files"]], ["a.bin"], "artifacts")


@verifies("RES-004")
@pytest.mark.parametrize(
    ("trouble", "call", "attempts"),
    [
        ("slow-down", "begin", {"CreateMultipartUpload": 2}),
        ("reset-midway", "second-part", {"UploadPart": 2}),
        ("internal-error", "join", {"CompleteMultipartUpload": 2}),
    ],
)
def test_upload_in_parts_outlives_passing_errors(
    scratch: Scratch, payload: Payload, unique: Unique, trouble: str, call: str, attempts: dict[str, int]
) -> None:
    """A large upload outlives an error at each of its stages."""
    place = f"mlflow-artifacts:/{unique('place')}"
    door = scratch.apply(troubled("store", TROUBLE[trouble], call, 1))
    sent = expect_status(door.put_artifact(place, "a.bin", payload(LARGE)), 200)
    key = scratch.bucket.key_for(place, "a.bin")

    expect_equal(scratch.attempts(sent), attempts, "attempts")  # control: there was trouble
    expect_equal(scratch.bucket.body(key), sent.request_body, "object")
    expect_equal(scratch.bucket.versions(key), 1, "versions of the object")


@verifies("RES-004")
def test_clients_own_parts_are_joined_once(scratch: Scratch, unique: Unique) -> None:
    """A client's own multipart upload outlives errors at both ends."""
    place = f"mlflow-artifacts:/{unique('place')}"
    door = scratch.apply(troubled("store", TROUBLE["slow-down"], "begin", 1))
    begun = expect_status(door.create_multipart(place, "a.bin", parts=1), 200)
    upload = begun.document
    url = upload["credentials"][0]["url"]
    parts = [{"part_number": 1, "etag": require(door.follow("PUT", url, b"bytes"), 200).header("etag"), "url": url}]
    door = scratch.apply(troubled("store", TROUBLE["slow-down"], "join", 1))
    joined = expect_status(door.complete_multipart(place, "a.bin", upload["upload_id"], parts), 200)
    key = scratch.bucket.key_for(place, "a.bin")

    expect_equal(scratch.attempts(begun) | scratch.attempts(joined), BOTH_ENDS, "attempts")  # control
    expect_equal(scratch.bucket.body(key), Body.of([b"bytes"]), "object")
    expect_equal(scratch.bucket.versions(key), 1, "versions of the object")
