"""How artifacts are declared to move is how they move."""

from __future__ import annotations

from urllib.parse import urlsplit

from fixtures.doors import one_door
from fixtures.essentials import Payload
from fixtures.runs import Run
from registry_conformance.judge.clients.artifact_modes import observe_artifact_modes
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.sdk import Sdk
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.judge.target.target import Target

pytestmark = one_door


@verifies("ART-051")
def test_ways_are_as_declared(sdk: Sdk, run: Run, payload: Payload, target: Target) -> None:
    """A client with default settings moves artifacts in the declared ways."""
    ways, back = observe_artifact_modes(sdk, run.id, "a.bin", payload(5000))

    expect_equal(ways, target.ways, "ways of artifacts")
    expect_equal(back and back.size, 5000, "bytes that came back")


@verifies("ART-052")
def test_presigned_store_is_reached_from_here(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The store that a presigned URL names answers the client."""
    sent = require(door.put_artifact(location, "a.bin", payload(5000)), 200)
    url = require(door.presign_artifact(location, "a.bin"), 200).document["url"]
    fetched = expect_status(door.follow("GET", url), 200)

    assert urlsplit(url).netloc != urlsplit(door.door.url).netloc, url
    expect_equal(fetched.response_body, sent.request_body, "downloaded bytes")


@verifies("ART-052")
def test_presigned_part_of_a_file_is_reached(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The store honours ranges of a presigned download, as clients ask for."""
    require(door.put_artifact(location, "a.bin", payload(5000)), 200)
    url = require(door.presign_artifact(location, "a.bin"), 200).document["url"]
    fetched = door.follow("GET", url, headers=[("Range", "bytes=100-199")])

    expect_equal(expect_status(fetched, 206).content, payload(5000)[100:200], "bytes of the range")


@verifies("ART-053")
def test_presigned_answer_tells_the_size(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The presigned answer has the file's size and no credential."""
    require(door.put_artifact(location, "a.bin", payload(5000)), 200)
    answer = expect_status(door.presign_artifact(location, "a.bin"), 200)

    expect_equal(answer.document["file_size"], 5000, "file size")
    assert str(door.key) not in answer.text, "the answer repeats the caller's key"
