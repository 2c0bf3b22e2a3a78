"""An upload without the right to is refused before its gigabytes are sent."""

from __future__ import annotations

import pytest

from fixtures.checks import bars, one_door
from fixtures.clients.bucket import Bucket
from fixtures.clients.halfway import ask_first
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal
from fixtures.requirement import verifies

SIZE = 300_000


@bars("anonymous", "artifact-write")
@bars("reader", "artifact-write")
@one_door
@verifies("AUZ-034")
@pytest.mark.parametrize(("role", "status"), [("anonymous", 401), ("reader", 403)])
def test_refused_upload_is_not_told_to_go_on(
    *, door: Wire, anonymous: Wire, reader: Wire, location: str, bucket: Bucket, role: str, status: int
) -> None:
    """An upload that asks first learns of a refusal unsent."""
    allowed = ask_first(door, location, "allowed.bin", b"x" * SIZE)
    refused = ask_first({"anonymous": anonymous, "reader": reader}[role], location, "a.bin", b"x" * SIZE)

    assert allowed.told_to_go_on, allowed  # control: an allowed upload is told to go on
    expect_equal((refused.told_to_go_on, refused.status, refused.sent), (False, status, 0), "100, status and bytes")
    expect_equal(bucket.under(location), {"allowed.bin": SIZE}, "objects at the location")
