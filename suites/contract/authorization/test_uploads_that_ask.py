"""An upload without the right to is refused before its gigabytes are sent."""

from __future__ import annotations

import pytest

from fixtures.doors import AsRole, one_door
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.partial_transfers import ask_first
from registry_conformance.judge.denial import NOT_SERVED
from registry_conformance.judge.expect import expect_equal, expect_within
from registry_conformance.judge.requirement import verifies

SIZE = 300_000


@lacks_right("anonymous", "artifact-write")
@lacks_right("reader", "artifact-write")
@one_door
@verifies("AUZ-034")
@pytest.mark.parametrize("role", ["anonymous", "reader"], ids=["anonymous-401", "reader-403"])
def test_refused_upload_is_not_told_to_go_on(
    door: MlflowHttp, as_role: AsRole, location: str, bucket: Bucket, role: str
) -> None:
    """An upload that asks first learns of a refusal unsent."""
    allowed = ask_first(door, location, "allowed.bin", b"x" * SIZE)
    refused = ask_first(as_role(role), location, "a.bin", b"x" * SIZE)

    assert allowed.told_to_go_on, allowed  # control: an allowed upload is told to go on
    expect_equal((refused.told_to_go_on, refused.sent), (False, 0), "100 and bytes")
    expect_within([refused.status], NOT_SERVED, "status")
    expect_equal(bucket.under(location), {"allowed.bin": SIZE}, "objects at the location")
