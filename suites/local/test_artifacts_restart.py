"""What was registered and uploaded outlives the MLflow server that took it."""

from __future__ import annotations

from dataclasses import replace

from fixtures.essentials import Payload, Unique
from fixtures.registry import begin_run
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, MLflow

DOWN = replace(REFERENCE, mlflow=MLflow(up=False))
DIRECT_BY_DEFAULT = replace(REFERENCE, mlflow=MLflow(default_root=f"s3://{REFERENCE.store.bucket}/elsewhere"))
SIZES = {"empty.bin": 0, "small.bin": 5000, "deep/large.bin": 9_000_000}


@verifies("ART-050")
def test_artifacts_outlive_a_restart(scratch: Scratch, payload: Payload, unique: Unique) -> None:
    """Artifacts are still there byte for byte after MLflow restarts."""
    door = scratch.apply(REFERENCE)
    run = begin_run(door, unique("restart"))
    sent = [require(door.put_artifact(run.location, name, payload(size)), 200) for name, size in SIZES.items()]
    process = scratch.stack.pids()["mlflow"]
    scratch.apply(DOWN)
    again = scratch.apply(REFERENCE)
    fetched = [expect_status(again.get_artifact(run.location, name), 200).response_body for name in SIZES]

    assert scratch.stack.pids()["mlflow"] != process, "MLflow did not restart"
    expect_equal(fetched, [upload.request_body for upload in sent], "downloaded bytes")
    expect_equal(scratch.bucket.under(run.location), dict(sorted(SIZES.items())), "objects of the run")


@verifies("REG-055")
def test_registry_outlives_a_restart(scratch: Scratch, unique: Unique) -> None:
    """A model's versions, tags and aliases outlive a restart of MLflow."""
    door, name = scratch.apply(REFERENCE), unique("model")
    run = begin_run(door, unique("restart"))
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/m", run.id), 200)
    require(door.post("model-versions/set-tag", name=name, version="1", key="hokusai_status", value="live"), 200)
    require(door.post("registered-models/alias", name=name, alias="champion", version="1"), 200)
    before = require(door.get("registered-models/get", name=name), 200).document
    process = scratch.stack.pids()["mlflow"]
    scratch.apply(DOWN)
    after = expect_status(scratch.apply(REFERENCE).get("registered-models/get", name=name), 200).document

    assert scratch.stack.pids()["mlflow"] != process, "MLflow did not restart"
    expect_equal(after, before, "registered model")


@verifies("ART-049")
def test_location_outlives_a_new_default(scratch: Scratch, payload: Payload, unique: Unique) -> None:
    """A run's artifacts are served when new ones go elsewhere."""
    door = scratch.apply(REFERENCE)
    run = begin_run(door, unique("before"))
    sent = require(door.put_artifact(run.location, "a.bin", payload(5000)), 200)
    changed = scratch.apply(DIRECT_BY_DEFAULT)
    later = begin_run(changed, unique("after"))
    fetched = expect_status(changed.get_artifact(run.location, "a.bin"), 200)

    assert later.location.startswith("s3://"), later  # control: the default did change
    expect_equal(fetched.response_body, sent.request_body, "downloaded bytes")
