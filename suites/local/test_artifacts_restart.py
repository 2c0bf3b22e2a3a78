"""What was registered and uploaded outlives the MLflow server that took it."""

from __future__ import annotations

from dataclasses import replace

from fixtures.checks import Payload, Spare, Unique, begin_run
from fixtures.deployment import REFERENCE, MLflow
from fixtures.expect import expect_equal, expect_status, given
from fixtures.requirement import verifies

DOWN = replace(REFERENCE, mlflow=MLflow(up=False))
DIRECT_BY_DEFAULT = replace(REFERENCE, mlflow=MLflow(default_root=f"s3://{REFERENCE.store.bucket}/elsewhere"))
SIZES = {"empty.bin": 0, "small.bin": 5000, "deep/large.bin": 9_000_000}


@verifies("ART-050")
def test_artifacts_outlive_a_restart(spare: Spare, payload: Payload, unique: Unique) -> None:
    """Artifacts are still there byte for byte after MLflow restarts."""
    door = spare.become(REFERENCE)
    run = begin_run(door, unique("restart"))
    sent = [given(door.put_artifact(run.location, name, payload(size)), 200) for name, size in SIZES.items()]
    process = spare.stack.pids()["mlflow"]
    spare.become(DOWN)
    again = spare.become(REFERENCE)
    fetched = [expect_status(again.get_artifact(run.location, name), 200).response_body for name in SIZES]

    assert spare.stack.pids()["mlflow"] != process, "MLflow did not restart"
    expect_equal(fetched, [upload.request_body for upload in sent], "downloaded bytes")
    expect_equal(spare.bucket.under(run.location), dict(sorted(SIZES.items())), "objects of the run")


@verifies("REG-055")
def test_registry_outlives_a_restart(spare: Spare, unique: Unique) -> None:
    """A model's versions, tags and aliases outlive a restart of MLflow."""
    door, name = spare.become(REFERENCE), unique("model")
    run = begin_run(door, unique("restart"))
    given(door.create_model(name), 200)
    given(door.create_version(name, f"{run.location}/m", run.id), 200)
    given(door.post("model-versions/set-tag", name=name, version="1", key="hokusai_status", value="live"), 200)
    given(door.post("registered-models/alias", name=name, alias="champion", version="1"), 200)
    before = given(door.get("registered-models/get", name=name), 200).document
    process = spare.stack.pids()["mlflow"]
    spare.become(DOWN)
    after = expect_status(spare.become(REFERENCE).get("registered-models/get", name=name), 200).document

    assert spare.stack.pids()["mlflow"] != process, "MLflow did not restart"
    expect_equal(after, before, "registered model")


@verifies("ART-049")
def test_location_outlives_a_new_default(spare: Spare, payload: Payload, unique: Unique) -> None:
    """A run's artifacts are served when new ones go elsewhere."""
    door = spare.become(REFERENCE)
    run = begin_run(door, unique("before"))
    sent = given(door.put_artifact(run.location, "a.bin", payload(5000)), 200)
    changed = spare.become(DIRECT_BY_DEFAULT)
    later = begin_run(changed, unique("after"))
    fetched = expect_status(changed.get_artifact(run.location, "a.bin"), 200)

    assert later.location.startswith("s3://"), later  # control: the default did change
    expect_equal(fetched.response_body, sent.request_body, "downloaded bytes")
