"""An upload without the right to is refused before its gigabytes are sent."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.partial_transfers import ask_first
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies

SIZE = 300_000


@lacks_right("anonymous", "artifact-write")
@lacks_right("reader", "artifact-write")
@one_door
@verifies("AUZ-034")
@pytest.mark.parametrize(("role", "status"), [("anonymous", 401), ("reader", 403)])
def test_refused_upload_is_not_told_to_go_on(
    *,
    door: MlflowHttp,
    anonymous: MlflowHttp,
    reader: MlflowHttp,
    location: str,
    bucket: Bucket,
    role: str,
    status: int,
) -> None:
    """An upload that asks first learns of a refusal unsent."""
    allowed = ask_first(door, location, "allowed.bin", b"x" * SIZE)
    refused = ask_first({"anonymous": anonymous, "reader": reader}[role], location, "a.bin", b"x" * SIZE)

    assert allowed.told_to_go_on, allowed  # control: an allowed upload is told to go on
    expect_equal((refused.told_to_go_on, refused.status, refused.sent), (False, status, 0), "100, status and bytes")
    expect_equal(bucket.under(location), {"allowed.bin": SIZE}, "objects at the location")
