"""Transfers that ask first, stop half-way or are given up leave the deployment whole."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.partial_transfers import ask_first, hang_up_reading
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

SIZE = 300_000
CUTS = {"nothing": 0, "one-byte": 1, "first-half": SIZE // 2, "all-but-one": SIZE - 1}

pytestmark = one_door


@verifies("ART-035")
@pytest.mark.parametrize("size", [0, 1, SIZE], ids=["0B", "1B", "300kB"])
def test_upload_that_asks_first_is_stored(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, size: int
) -> None:
    """An upload with Expect 100-continue gets 100 Continue and is stored."""
    asked = ask_first(door, location, "a.bin", payload(size))

    expect_equal((asked.told_to_go_on, asked.status), (True, 200), "100 and the final status")
    expect_equal(bucket.under(location), {"a.bin": size}, "objects at the location")


@verifies("ART-037")
@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@upstream_defect("mlflow#24340", versions=">=3.5.1,<=3.14.0", cases="chunked")
@upstream_defect("gunicorn#3234", versions="<=3.1.4", cases="sized", at_times=True)
def test_upload_cut_anywhere_leaves_nothing(
    *, door: MlflowHttp, location: str, payload: Payload, bucket: Bucket, cut: int, chunked: bool
) -> None:
    """An upload cut at any point leaves no object behind."""
    stopped = door.put_artifact(location, "cut.bin", payload(SIZE), cut_after=cut, chunked=chunked)
    require(door.put_artifact(location, "whole.bin", payload(SIZE), chunked=chunked), 200)  # control: whole ones are

    assert stopped.error.startswith("reset"), stopped
    expect_equal(bucket.under(location), {"whole.bin": SIZE}, "objects at the location")


@verifies("ART-038")
@pytest.mark.parametrize("after", [0, 1, 100_000], ids=["0B", "1B", "100kB"])
def test_download_given_up_harms_nobody(door: MlflowHttp, location: str, payload: Payload, after: int) -> None:
    """A download that a client aborts harms no later one."""
    sent = require(door.put_artifact(location, "a.bin", payload(2_000_000)), 200)
    came = [hang_up_reading(door, location, "a.bin", after) for _ in range(3)]
    fetched = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_equal(came, [after] * 3, "bytes before hanging up")
    expect_equal(fetched.response_body, sent.request_body, "bytes of a later download")
