"""A reader writes nothing, and a refusal changes nothing."""

from __future__ import annotations

from fixtures.checks import Payload, Run, Unique, bars
from fixtures.clients.bucket import Bucket
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_refused, expect_status, given
from fixtures.requirement import verifies


@bars("reader", "write")
@verifies("AUZ-004", "AUZ-010")
def test_reader_creates_no_experiment(door: Wire, reader: Wire, unique: Unique) -> None:
    """A reader creates no experiment."""
    name = unique("experiment")
    refused = reader.create_experiment(name)
    found = door.get("experiments/get-by-name", experiment_name=name)

    expect_refused(refused, 403, "PERMISSION_DENIED")
    expect_refused(found, 404, "RESOURCE_DOES_NOT_EXIST")
    given(door.create_experiment(name), 200)  # control: a writer may


@bars("reader", "write")
@verifies("AUZ-004")
def test_reader_tags_no_run(door: Wire, reader: Wire, run: Run) -> None:
    """A reader sets no tag on a run."""
    given(door.set_run_tag(run.id, "colour", "green"), 200)  # control: a writer may
    refused = reader.set_run_tag(run.id, "colour", "red")
    tags = expect_status(door.get("runs/get", run_id=run.id), 200).document["run"]["data"]["tags"]

    expect_refused(refused, 403)
    expect_equal([tag["value"] for tag in tags if tag["key"] == "colour"], ["green"], "tag")


@bars("reader", "artifact-write")
@verifies("AUZ-005")
def test_reader_uploads_nothing(door: Wire, reader: Wire, location: str, payload: Payload, bucket: Bucket) -> None:
    """A reader uploads no artifact."""
    given(door.put_artifact(location, "mine.bin", payload(100)), 200)  # control: a writer may
    refused = reader.put_artifact(location, "theirs.bin", payload(100))

    expect_refused(refused, 403)
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@bars("reader", "artifact-write")
@verifies("AUZ-005")
def test_reader_overwrites_nothing(door: Wire, reader: Wire, location: str, payload: Payload) -> None:
    """A reader overwrites no artifact."""
    given(door.put_artifact(location, "a.bin", payload(100)), 200)  # control: a writer may
    refused = reader.put_artifact(location, "a.bin", payload(50))
    found = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_refused(refused, 403)
    expect_equal(found.content, payload(100), "bytes")


@bars("reader", "artifact-write")
@verifies("AUZ-006")
def test_reader_deletes_no_artifact(door: Wire, reader: Wire, location: str, payload: Payload, bucket: Bucket) -> None:
    """A reader deletes no artifact."""
    given(door.put_artifact(location, "a.bin", payload(100)), 200)
    refused = reader.delete_artifact(location, "a.bin")
    kept = bucket.under(location)
    deleted = door.delete_artifact(location, "a.bin")

    expect_refused(refused, 403)
    expect_equal(kept, {"a.bin": 100}, "objects at the location")
    given(deleted, 200)  # control: a writer may


@bars("reader", "write")
@verifies("AUZ-007")
def test_reader_registers_no_model(door: Wire, reader: Wire, unique: Unique) -> None:
    """A reader registers no model."""
    name = unique("model")
    refused = reader.create_model(name)
    found = door.get("registered-models/get", name=name)

    expect_refused(refused, 403)
    expect_refused(found, 404, "RESOURCE_DOES_NOT_EXIST")
    given(door.create_model(name), 200)  # control: a writer may


@bars("reader", "write")
@verifies("AUZ-007")
def test_reader_moves_no_alias(door: Wire, reader: Wire, run: Run, unique: Unique) -> None:
    """A reader neither sets nor deletes an alias."""
    name = unique("model")
    given(door.create_model(name), 200)
    given(door.create_version(name, f"{run.location}/m", run.id), 200)
    given(door.post("registered-models/alias", name=name, alias="champion", version="1"), 200)  # control

    expect_refused(reader.delete("registered-models/alias", name=name, alias="champion"), 403)
    expect_refused(reader.post("registered-models/alias", name=name, alias="other", version="1"), 403)
    expect_status(door.get("registered-models/alias", name=name, alias="champion"), 200)
    expect_status(door.get("registered-models/alias", name=name, alias="other"), 400)


@bars("reader", "write")
@verifies("AUZ-007")
def test_reader_deletes_no_version(door: Wire, reader: Wire, run: Run, unique: Unique) -> None:
    """A reader deletes no version."""
    name = unique("model")
    given(door.create_model(name), 200)
    given(door.create_version(name, f"{run.location}/m", run.id), 200)
    refused = reader.delete("model-versions/delete", name=name, version="1")
    kept = door.get("model-versions/get", name=name, version="1")
    deleted = door.delete("model-versions/delete", name=name, version="1")

    expect_refused(refused, 403)
    expect_status(kept, 200)
    given(deleted, 200)  # control: a writer may


@bars("reader", "artifact-write")
@verifies("AUZ-008")
def test_reader_begins_no_multipart_upload(door: Wire, reader: Wire, location: str) -> None:
    """A reader begins no multipart upload."""
    refused = reader.create_multipart(location, "a.bin", parts=1)
    begun = given(door.create_multipart(location, "a.bin", parts=1), 200).document  # control: a writer may

    expect_refused(refused, 403)
    expect_status(door.abort_multipart(location, "a.bin", begun["upload_id"]), 200)


@bars("reader", "write", "artifact-write")
@verifies("AUZ-009")
def test_reader_writes_nothing_by_ajax(door: Wire, reader: Wire, run: Run, payload: Payload, bucket: Bucket) -> None:
    """A reader writes nothing through the browser's API."""
    path = door.artifact_route(run.location, "theirs.bin").replace("/api/", "/ajax-api/", 1)
    upload = reader.send("PUT", path, body=payload(100))
    change = reader.send("POST", "/ajax-api/2.0/mlflow/runs/set-tag", json={"run_id": run.id, "key": "a", "value": "b"})

    given(door.send("PUT", path.replace("theirs", "mine"), body=payload(100)), 200)  # control: a writer may
    expect_refused(upload, 403)
    expect_refused(change, 403)
    expect_equal(bucket.under(run.location), {"mine.bin": 100}, "objects of the run")
