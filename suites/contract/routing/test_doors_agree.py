"""All doors lead to the same registry."""

from __future__ import annotations

from fixtures.checks import Payload, Run
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_status, given
from fixtures.requirement import verifies


@verifies("RTE-024")
def test_run_is_seen_at_every_door(other_doors: list[Wire], run: Run) -> None:
    """A run created at one door is found at the others."""
    found = [expect_status(other.get("runs/get", run_id=run.id), 200).document["run"]["info"] for other in other_doors]

    expect_equal([info["artifact_uri"] for info in found], [run.location] * len(other_doors), "artifact locations")


@verifies("RTE-024")
def test_artifact_is_seen_at_every_door(door: Wire, other_doors: list[Wire], location: str, payload: Payload) -> None:
    """An artifact uploaded at one door is downloaded at the others."""
    given(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = [expect_status(other.get_artifact(location, "a.bin"), 200).content for other in other_doors]

    expect_equal(found, [payload(100)] * len(other_doors), "bytes at the other doors")
