"""A multipart upload is joined from its parts, in their order, or not at all."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

PART = 5 * 1024 * 1024

pytestmark = one_door


@verifies("ART-043")
def test_unknown_upload_is_not_completed(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A multipart upload that was never begun is not completed."""
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document
    url = begun["credentials"][0]["url"]
    parts = [{"part_number": 1, "etag": require(door.follow("PUT", url, b"bytes"), 200).header("etag"), "url": url}]
    missed = door.complete_multipart(location, "a.bin", "no-such-upload", parts)
    between = bucket.under(location)
    require(door.complete_multipart(location, "a.bin", begun["upload_id"], parts), 200)  # control: its own id is known

    assert not missed.ok, missed
    expect_equal(between, {}, "objects after the refusal")


@verifies("ART-043")
def test_aborting_an_unknown_upload_harms_none(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """Aborting an unknown upload leaves the one that was begun alone."""
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document
    url = begun["credentials"][0]["url"]
    parts = [{"part_number": 1, "etag": require(door.follow("PUT", url, b"bytes"), 200).header("etag"), "url": url}]
    door.abort_multipart(location, "a.bin", "no-such-upload")
    expect_status(door.complete_multipart(location, "a.bin", begun["upload_id"], parts), 200)

    expect_equal(bucket.under(location), {"a.bin": 5}, "objects at the location")


@verifies("ART-044")
def test_parts_are_joined_by_number(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """Parts that arrive in any order are joined by number."""
    first, second = payload(PART), payload(1000)
    begun = require(door.create_multipart(location, "a.bin", parts=2), 200).document
    one, two = (credential["url"] for credential in begun["credentials"])
    later = require(door.follow("PUT", two, second), 200).header("etag")
    former = require(door.follow("PUT", one, first), 200).header("etag")
    parts = [{"part_number": 1, "etag": former, "url": one}, {"part_number": 2, "etag": later, "url": two}]
    expect_status(door.complete_multipart(location, "a.bin", begun["upload_id"], parts), 200)

    expect_equal(bucket.body(bucket.key_for(location, "a.bin")), Body.of([first, second]), "object")


@verifies("ART-065")
def test_more_than_nine_parts_are_joined(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """Eleven parts are joined in the order of their numbers."""
    pieces = [payload(PART + number) for number in range(10)] + [payload(1000)]
    begun = require(door.create_multipart(location, "a.bin", parts=len(pieces)), 200).document
    urls = [credential["url"] for credential in begun["credentials"]]
    tags = [require(door.follow("PUT", *put), 200).header("etag") for put in zip(urls, pieces, strict=True)]
    parts = [
        {"part_number": n, "etag": tag, "url": url} for n, (tag, url) in enumerate(zip(tags, urls, strict=True), 1)
    ]
    expect_status(door.complete_multipart(location, "a.bin", begun["upload_id"], parts), 200)

    expect_equal(bucket.body(bucket.key_for(location, "a.bin")), Body.of(pieces), "object")


@verifies("ART-045")
@pytest.mark.usefixtures("ordering_store")
def test_parts_are_never_joined_in_wrong_order(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """Parts named out of order are refused or joined by number."""
    pieces = [payload(PART), payload(PART + 1)]
    begun = require(door.create_multipart(location, "a.bin", parts=2), 200).document
    urls = [credential["url"] for credential in begun["credentials"]]
    tags = [require(door.follow("PUT", *put), 200).header("etag") for put in zip(urls, pieces, strict=True)]
    parts = [
        {"part_number": n, "etag": tag, "url": url} for n, (tag, url) in enumerate(zip(tags, urls, strict=True), 1)
    ]
    backwards = door.complete_multipart(location, "a.bin", begun["upload_id"], parts[::-1])
    right = {True: Body.of(pieces), False: None}[backwards.ok]

    expect_equal(bucket.body(bucket.key_for(location, "a.bin")), right, "object")


@verifies("ART-045")
def test_part_with_a_wrong_tag_is_not_joined(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A part named with a wrong tag is refused, and nothing stored."""
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document
    url = begun["credentials"][0]["url"]
    tag = require(door.follow("PUT", url, b"bytes"), 200).header("etag")
    wrong = {"part_number": 1, "etag": '"00000000000000000000000000000000"', "url": url}
    refused = door.complete_multipart(location, "a.bin", begun["upload_id"], [wrong])
    between = bucket.under(location)
    right = [{"part_number": 1, "etag": tag, "url": url}]
    require(door.complete_multipart(location, "a.bin", begun["upload_id"], right), 200)  # control: its tag joins it

    assert not refused.ok, refused
    expect_equal(between, {}, "objects after the refusal")
    expect_equal(bucket.under(location), {"a.bin": 5}, "objects at the end")


@verifies("ART-046")
def test_multipart_upload_replaces_only_when_complete(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A multipart upload under a taken name replaces it when complete."""
    require(door.put_artifact(location, "a.bin", b"former"), 200)
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document
    url = begun["credentials"][0]["url"]
    tag = require(door.follow("PUT", url, b"the new bytes"), 200).header("etag")
    before = door.get_artifact(location, "a.bin").content
    parts = [{"part_number": 1, "etag": tag, "url": url}]
    expect_status(door.complete_multipart(location, "a.bin", begun["upload_id"], parts), 200)
    after = door.get_artifact(location, "a.bin").content

    expect_equal([before, after], [b"former", b"the new bytes"], "bytes before and after")
    expect_equal(bucket.under(location), {"a.bin": 13}, "objects at the location")


@verifies("ART-046")
def test_multipart_name_is_kept(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A multipart upload keeps its name, spaces and accents included."""
    name = "deep folder/grün 50%.bin"
    begun = require(door.create_multipart(location, name, parts=1), 200).document
    url = begun["credentials"][0]["url"]
    tag = require(door.follow("PUT", url, b"bytes"), 200).header("etag")
    parts = [{"part_number": 1, "etag": tag, "url": url}]
    expect_status(door.complete_multipart(location, name, begun["upload_id"], parts), 200)

    expect_equal(bucket.under(location), {name: 5}, "objects at the location")
