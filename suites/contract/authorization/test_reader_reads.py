"""A reader reads everything."""

from __future__ import annotations

from fixtures.checks import Payload, Run, bars, lets
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_refused, expect_status, given
from fixtures.requirement import verifies


@lets("reader", "read")
@bars("anonymous", "read")
@verifies("AUZ-001")
def test_reader_reads_a_run(reader: Wire, anonymous: Wire, run: Run) -> None:
    """A reader reads a run that the writer made."""
    found = expect_status(reader.get("runs/get", run_id=run.id), 200)

    expect_refused(anonymous.get("runs/get", run_id=run.id), 401)  # control: a key is needed
    expect_equal(found.document["run"]["info"]["run_id"], run.id, "run id")


@lets("reader", "read")
@bars("anonymous", "read")
@verifies("AUZ-001")
def test_reader_searches_by_post(reader: Wire, anonymous: Wire, run: Run) -> None:
    """A reader searches runs by POST."""
    found = expect_status(reader.post("runs/search", experiment_ids=[run.experiment_id], max_results=1), 200)

    expect_refused(anonymous.post("runs/search", experiment_ids=[run.experiment_id]), 401)  # control: a key is needed
    assert found.document["runs"], found


@lets("reader", "artifact-read")
@bars("anonymous", "artifact-read")
@verifies("AUZ-002")
def test_reader_downloads(door: Wire, reader: Wire, anonymous: Wire, location: str, payload: Payload) -> None:
    """A reader downloads an artifact."""
    given(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = expect_status(reader.get_artifact(location, "a.bin"), 200)

    expect_refused(anonymous.get_artifact(location, "a.bin"), 401)  # control: a key is needed
    expect_equal(found.content, payload(100), "bytes")


@lets("reader", "artifact-read")
@bars("anonymous", "artifact-read")
@verifies("AUZ-002")
def test_reader_lists(door: Wire, reader: Wire, anonymous: Wire, location: str, payload: Payload) -> None:
    """A reader lists the artifacts of a run."""
    given(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = expect_status(reader.list_artifacts(location), 200)

    expect_refused(anonymous.list_artifacts(location), 401)  # control: a key is needed
    expect_equal([entry["path"] for entry in found.document["files"]], ["a.bin"], "listed files")


@lets("reader", "artifact-read")
@bars("anonymous", "artifact-read")
@verifies("AUZ-003")
def test_reader_obtains_presigned_downloads(
    door: Wire, reader: Wire, anonymous: Wire, location: str, payload: Payload
) -> None:
    """A reader obtains a presigned download."""
    given(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = expect_status(reader.presign_artifact(location, "a.bin"), 200)

    expect_refused(anonymous.presign_artifact(location, "a.bin"), 401)  # control: a key is needed
    expect_equal(found.document["file_size"], 100, "announced size")
