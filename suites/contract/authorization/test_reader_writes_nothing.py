"""A reader writes nothing, and a refusal changes nothing."""

from __future__ import annotations

from fixtures.essentials import Payload, Unique
from fixtures.policy import lacks_right
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies


@lacks_right("reader", "write")
@verifies("AUZ-004")
def test_reader_creates_no_experiment(door: MlflowHttp, reader: MlflowHttp, unique: Unique) -> None:
    """A reader creates no experiment."""
    name = unique("experiment")
    refused = reader.create_experiment(name)
    found = door.get("experiments/get-by-name", experiment_name=name)

    expect_denied(refused)
    expect_status(found, 404)
    require(door.create_experiment(name), 200)  # control: a writer may


@lacks_right("reader", "write")
@verifies("AUZ-004")
def test_reader_tags_no_run(door: MlflowHttp, reader: MlflowHttp, run: Run) -> None:
    """A reader sets no tag on a run."""
    require(door.set_run_tag(run.id, "colour", "green"), 200)  # control: a writer may
    refused = reader.set_run_tag(run.id, "colour", "red")
    tags = expect_status(door.get("runs/get", run_id=run.id), 200).document["run"]["data"]["tags"]

    expect_denied(refused)
    expect_equal([tag["value"] for tag in tags if tag["key"] == "colour"], ["green"], "tag")


@lacks_right("reader", "artifact-write")
@verifies("AUZ-005")
def test_reader_uploads_nothing(
    door: MlflowHttp, reader: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """A reader uploads no artifact."""
    require(door.put_artifact(location, "mine.bin", payload(100)), 200)  # control: a writer may
    refused = reader.put_artifact(location, "theirs.bin", payload(100))

    expect_denied(refused)
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@lacks_right("reader", "artifact-write")
@verifies("AUZ-005")
def test_reader_overwrites_nothing(door: MlflowHttp, reader: MlflowHttp, location: str, payload: Payload) -> None:
    """A reader overwrites no artifact."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)  # control: a writer may
    refused = reader.put_artifact(location, "a.bin", payload(50))
    found = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_denied(refused)
    expect_equal(found.content, payload(100), "bytes")


@lacks_right("reader", "artifact-write")
@verifies("AUZ-006")
def test_reader_deletes_no_artifact(
    door: MlflowHttp, reader: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """A reader deletes no artifact."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    refused = reader.delete_artifact(location, "a.bin")
    kept = bucket.under(location)
    deleted = door.delete_artifact(location, "a.bin")

    expect_denied(refused)
    expect_equal(kept, {"a.bin": 100}, "objects at the location")
    require(deleted, 200)  # control: a writer may


@lacks_right("reader", "write")
@verifies("AUZ-007")
def test_reader_registers_no_model(door: MlflowHttp, reader: MlflowHttp, unique: Unique) -> None:
    """A reader registers no model."""
    name = unique("model")
    refused = reader.create_model(name)
    found = door.get("registered-models/get", name=name)

    expect_denied(refused)
    expect_status(found, 404)
    require(door.create_model(name), 200)  # control: a writer may


@lacks_right("reader", "write")
@verifies("AUZ-007")
def test_reader_moves_no_alias(door: MlflowHttp, reader: MlflowHttp, run: Run, unique: Unique) -> None:
    """A reader neither sets nor deletes an alias."""
    name = unique("model")
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/m", run.id), 200)
    require(door.post("registered-models/alias", name=name, alias="champion", version="1"), 200)  # control

    expect_denied(reader.delete("registered-models/alias", name=name, alias="champion"))
    expect_denied(reader.post("registered-models/alias", name=name, alias="other", version="1"))
    expect_status(door.get("registered-models/alias", name=name, alias="champion"), 200)
    expect_status(door.get("registered-models/alias", name=name, alias="other"), 400)


@lacks_right("reader", "write")
@verifies("AUZ-007")
def test_reader_deletes_no_version(door: MlflowHttp, reader: MlflowHttp, run: Run, unique: Unique) -> None:
    """A reader deletes no version."""
    name = unique("model")
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/m", run.id), 200)
    refused = reader.delete("model-versions/delete", name=name, version="1")
    kept = door.get("model-versions/get", name=name, version="1")
    deleted = door.delete("model-versions/delete", name=name, version="1")

    expect_denied(refused)
    expect_status(kept, 200)
    require(deleted, 200)  # control: a writer may


@lacks_right("reader", "artifact-write")
@verifies("AUZ-008")
def test_reader_begins_no_multipart_upload(door: MlflowHttp, reader: MlflowHttp, location: str) -> None:
    """A reader begins no multipart upload."""
    refused = reader.create_multipart(location, "a.bin", parts=1)
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document  # control: a writer may

    expect_denied(refused)
    expect_status(door.abort_multipart(location, "a.bin", begun["upload_id"]), 200)


@lacks_right("reader", "write", "artifact-write")
@verifies("AUZ-009")
def test_reader_writes_nothing_by_ajax(
    door: MlflowHttp, reader: MlflowHttp, run: Run, payload: Payload, bucket: Bucket
) -> None:
    """A reader writes nothing through the browser's API."""
    path = door.artifact_route(run.location, "theirs.bin").replace("/api/", "/ajax-api/", 1)
    upload = reader.send("PUT", path, body=payload(100))
    change = reader.send("POST", "/ajax-api/2.0/mlflow/runs/set-tag", json={"run_id": run.id, "key": "a", "value": "b"})

    require(door.send("PUT", path.replace("theirs", "mine"), body=payload(100)), 200)  # control: a writer may
    expect_denied(upload)
    expect_denied(change)
    expect_equal(bucket.under(run.location), {"mine.bin": 100}, "objects of the run")
