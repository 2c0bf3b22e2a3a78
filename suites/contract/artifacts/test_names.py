"""A name is kept exactly or refused; it never lands on another artifact."""

from __future__ import annotations

import unicodedata

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

KEPT = {
    "spaces": " two  spaces .txt",
    "percent": "50%.txt",
    "bare-percent": "%",
    "plus": "a+b.txt",
    "question": "a?b=c.txt",
    "ampersand": "a&b=c.txt",
    "semicolon": "a;v=1.txt",
    "colon": "a:b.txt",
    "quotes": "a'b\"c`.txt",
    "brackets": "[a]{b}<c>(d).txt",
    "marks": "a*b|c^d~e$f!g,h@i.txt",
    "hidden": ".hidden",
    "leading-dots": "...dots",
    "dots-behind": "dots..",
    "nfc": unicodedata.normalize("NFC", "grün.txt"),
    "nfd": unicodedata.normalize("NFD", "grün.txt"),
    "cjk": "模型/重み.txt",
    "emoji": "😀.txt",
    "line-separator": "a\u2028b.txt",
    "long": "x" * 255,
    "deep": "/".join([*(f"d{level}" for level in range(39)), "f.txt"]),
}
REFUSED = {"hash": "a#b.txt", "too-long": "x" * 256, "folder": "folder/", "newline": "a\nb.txt"}
TWO_READINGS = {"backslash": "a\\b.txt", "climbing-backslash": "..\\b.txt", "nul": "a\0b.txt"}

pytestmark = one_door


@verifies("ART-024")
@pytest.mark.parametrize("name", KEPT.values(), ids=KEPT)
@upstream_defect("not reported upstream", versions="<=3.12.0", cases="-(cjk|emoji|line-separator|nfd)$")
@upstream_defect("not reported upstream", versions=">=3.5.1,<=3.12.0", cases="-nfc$")
def test_name_is_kept_exactly(door: MlflowHttp, location: str, bucket: Bucket, name: str) -> None:
    """An artifact is stored, listed and found under exactly its name."""
    expect_status(door.put_artifact(location, name, b"bytes"), 200)
    fetched = expect_status(door.get_artifact(location, name), 200)
    folder, _, file = name.rpartition("/")
    listed = expect_status(door.list_artifacts(location, folder), 200).document["files"]

    expect_equal(bucket.under(location), {name: 5}, "objects at the location")
    expect_equal(fetched.content, b"bytes", "bytes")
    expect_equal([entry["path"] for entry in listed], [file], "listed names")


@verifies("ART-024")
@pytest.mark.parametrize("name", KEPT.values(), ids=KEPT)
@upstream_defect("not reported upstream", versions="<=3.12.0", cases="-(cjk|emoji|line-separator|nfd)$")
@upstream_defect("not reported upstream", versions=">=3.5.1,<=3.12.0", cases="-nfc$")
def test_name_means_the_same_at_the_origin(door: MlflowHttp, origin: MlflowHttp, location: str, name: str) -> None:
    """A name uploaded through the door is the origin's name for it."""
    require(door.put_artifact(location, name, b"bytes"), 200)
    found = expect_status(origin.get_artifact(location, name), 200)

    expect_equal(found.content, b"bytes", "bytes at the origin")


@verifies("ART-025")
@upstream_defect("not reported upstream", versions=">=3.5.1,<=3.12.0")
def test_normal_forms_are_kept_apart(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """Names in two Unicode normal forms are two artifacts."""
    composed, decomposed = KEPT["nfc"], KEPT["nfd"]
    expect_status(door.put_artifact(location, composed, b"composed"), 200)
    expect_status(door.put_artifact(location, decomposed, b"decomposed"), 200)

    expect_equal(bucket.under(location), {composed: 8, decomposed: 10}, "objects at the location")
    expect_equal(door.get_artifact(location, composed).content, b"composed", "bytes of the composed name")


@verifies("ART-025")
def test_case_is_kept_apart(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """Names that differ in case are two artifacts."""
    expect_status(door.put_artifact(location, "Model.bin", b"upper"), 200)
    expect_status(door.put_artifact(location, "model.bin", b"lowercase"), 200)

    expect_equal(bucket.under(location), {"Model.bin": 5, "model.bin": 9}, "objects at the location")


@verifies("ART-026")
@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_refused_name_is_refused_alike(
    door: MlflowHttp, origin: MlflowHttp, location: str, bucket: Bucket, name: str
) -> None:
    """A name that MLflow refuses is refused through the door alike."""
    require(door.put_artifact(location, "a", b"former"), 200)  # control: other names are stored
    there = origin.put_artifact(location, name, b"bytes")
    here = door.put_artifact(location, name, b"bytes")

    assert not there.ok, there
    expect_equal(here.status, there.status, "status of the refusal")
    expect_equal(bucket.under(location), {"a": 6}, "objects at the location")


@verifies("ART-027")
@pytest.mark.parametrize("name", TWO_READINGS.values(), ids=TWO_READINGS)
def test_name_with_two_readings_overwrites_nothing(door: MlflowHttp, location: str, bucket: Bucket, name: str) -> None:
    """A name with two readings is an artifact of its own or an error."""
    require(door.put_artifact(location, "b.txt", b"former"), 200)  # control: other names are stored
    sent = door.put_artifact(location, name, b"bytes")
    found = bucket.under(location)

    assert sent.status is not None, sent
    expect_equal((found.get("b.txt"), len(found)), (6, 1 + sent.ok), "size of the former artifact, and objects")


@verifies("ART-061")
@pytest.mark.parametrize("name", TWO_READINGS.values(), ids=TWO_READINGS)
def test_name_with_two_readings_changes_nothing_else(
    door: MlflowHttp, location: str, bucket: Bucket, name: str
) -> None:
    """A name with two readings is kept exactly or refused."""
    require(door.put_artifact(location, "b.txt", b"former"), 200)  # control: other names are stored
    sent = door.put_artifact(location, name, b"bytes")
    expected = {True: {"b.txt": 6, name: 5}, False: {"b.txt": 6}}[sent.ok]

    assert sent.ok or sent.refused, sent
    expect_equal(bucket.under(location), expected, "objects at the location")


@verifies("ART-026")
@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_refused_name_is_not_read_either(door: MlflowHttp, location: str, payload: Payload, name: str) -> None:
    """A name that is refused for uploads brings no bytes."""
    sent = require(door.put_artifact(location, "a", payload(100)), 200)
    require(door.get_artifact(location, "a"), 200)  # control: what exists is downloaded
    missed = door.get_artifact(location, name)

    assert not missed.ok, missed
    assert missed.response_body != sent.request_body, missed
