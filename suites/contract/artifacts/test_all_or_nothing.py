"""An upload is stored whole or not at all."""

from __future__ import annotations

from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

MIB = 1024 * 1024


@verifies("ART-006")
@upstream_defect("gunicorn#3234", versions="<=3.1.4", at_times=True)
def test_cut_upload_leaves_no_object(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """An upload cut mid-body leaves no object behind."""
    door.put_artifact(location, "cut.bin", payload(8192), cut_after=4096)
    whole = door.put_artifact(location, "whole.bin", payload(8192))

    require(whole, 200)  # control: whole uploads are stored
    expect_equal(bucket.under(location), {"whole.bin": 8192}, "objects at the location")


@verifies("ART-006")
@upstream_defect("mlflow#24340", versions=">=3.5.1,<=3.14.0")
def test_cut_chunked_upload_leaves_no_object(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """A chunked upload cut mid-body leaves no object behind."""
    door.put_artifact(location, "cut.bin", payload(8192), chunked=True, cut_after=4096)
    whole = door.put_artifact(location, "whole.bin", payload(8192), chunked=True)

    require(whole, 200)  # control: whole uploads are stored
    expect_equal(bucket.under(location), {"whole.bin": 8192}, "objects at the location")


@verifies("ART-006")
@upstream_defect("gunicorn#3234", versions="<=3.1.4", at_times=True)
def test_cut_upload_replaces_nothing(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """An upload cut mid-body leaves the former artifact as it was."""
    former = expect_status(door.put_artifact(location, "a.bin", payload(300)), 200)
    door.put_artifact(location, "a.bin", payload(8192), cut_after=4096)
    require(door.put_artifact(location, "whole.bin", payload(8192)), 200)  # control: whole ones are stored

    expect_equal(bucket.body(bucket.key_for(location, "a.bin")), former.request_body, "object")


@verifies("ART-017")
def test_multipart_upload_given_up_leaves_no_object(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """A multipart upload that is aborted leaves no object."""
    begun = require(door.create_multipart(location, "cut.bin", parts=1), 200).document
    expect_status(door.follow("PUT", begun["credentials"][0]["url"], payload(5 * MIB)), 200)
    expect_status(door.abort_multipart(location, "cut.bin", begun["upload_id"]), 200)
    require(door.put_artifact(location, "whole.bin", payload(100)), 200)  # control: whole ones are stored

    expect_equal(bucket.under(location), {"whole.bin": 100}, "objects at the location")


@verifies("ART-018")
def test_multipart_upload_is_joined(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """The parts of a multipart upload are joined under its name."""
    first, second = payload(5 * MIB), payload(1000)
    begun = require(door.create_multipart(location, "deep/big.bin", parts=2), 200).document
    one, two = (credential["url"] for credential in begun["credentials"])
    tags = [
        expect_status(door.follow("PUT", one, first), 200).header("etag"),
        expect_status(door.follow("PUT", two, second), 200).header("etag"),
    ]
    parts = [{"part_number": 1, "etag": tags[0], "url": one}, {"part_number": 2, "etag": tags[1], "url": two}]
    expect_status(door.complete_multipart(location, "deep/big.bin", begun["upload_id"], parts), 200)

    expect_equal(list(bucket.under(location)), ["deep/big.bin"], "objects at the location")
    expect_equal(bucket.body(bucket.key_for(location, "deep/big.bin")), Body.of([first, second]), "object")
