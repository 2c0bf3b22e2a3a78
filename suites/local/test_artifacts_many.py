"""Folders of more than a thousand artifacts, which a store tells of in pages."""

from __future__ import annotations

from dataclasses import replace

from fixtures.doors import one_door
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.bucket_filling import fill
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

pytestmark = one_door

NAMES = [f"{number:04}.txt" for number in range(1005)]
"""More than the thousand keys that S3 names at once."""
PATIENCE = 180.0
"""Seconds that the deletion may take: MLflow before 2.20 asks the store to delete one object after the other."""


@verifies("ART-057", "ART-058")
@upstream_defect("mlflow#14654", versions="<=2.20.2")
def test_thousand_artifacts_are_listed_and_deleted(door: MlflowHttp, run: Run, bucket: Bucket) -> None:
    """A folder of a thousand artifacts is listed whole, in order, and deleted whole."""
    require(door.put_artifact(run.location, "other.txt", b"stays"), 200)
    fill(bucket, run.location, [f"many/{name}" for name in reversed(NAMES)], b"one of many")
    listed = expect_status(door.list_artifacts(run.location, "many"), 200).document["files"]

    expect_equal([entry["path"] for entry in listed], NAMES, "names in the order listed")
    expect_equal({int(entry["file_size"]) for entry in listed}, {11}, "sizes")
    patient = replace(door, door=replace(door.door, patience=PATIENCE), timeout=PATIENCE, deadline=PATIENCE)
    expect_status(patient.delete_artifact(run.location, "many"), 200)
    expect_equal(bucket.under(run.location), {"other.txt": 5}, "objects that are left")
