"""All doors lead to the same registry."""

from __future__ import annotations

from fixtures.essentials import Payload
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("RTE-024")
def test_run_is_seen_at_every_door(other_doors: list[MlflowHttp], run: Run) -> None:
    """A run created at one door is found at the others."""
    found = [expect_status(other.get("runs/get", run_id=run.id), 200).document["run"]["info"] for other in other_doors]

    expect_equal([info["artifact_uri"] for info in found], [run.location] * len(other_doors), "artifact locations")


@verifies("RTE-024")
def test_artifact_is_seen_at_every_door(
    door: MlflowHttp, other_doors: list[MlflowHttp], location: str, payload: Payload
) -> None:
    """An artifact uploaded at one door is downloaded at the others."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = [expect_status(other.get_artifact(location, "a.bin"), 200).content for other in other_doors]

    expect_equal(found, [payload(100)] * len(other_doors), "bytes at the other doors")
