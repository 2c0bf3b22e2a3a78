"""A reader reads everything."""

from __future__ import annotations

import pytest

from fixtures.essentials import Payload
from fixtures.policy import lacks_right, requires_right
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies


@requires_right("reader", "read")
@lacks_right("anonymous", "read")
@verifies("AUZ-001")
def test_reader_reads_a_run(reader: MlflowHttp, anonymous: MlflowHttp, run: Run) -> None:
    """A reader reads a run that the writer made."""
    found = expect_status(reader.get("runs/get", run_id=run.id), 200)

    expect_denied(anonymous.get("runs/get", run_id=run.id))  # control: a key is needed
    expect_equal(found.document["run"]["info"]["run_id"], run.id, "run id")


@requires_right("reader", "read")
@lacks_right("anonymous", "read")
@verifies("AUZ-001")
def test_reader_searches_by_post(reader: MlflowHttp, anonymous: MlflowHttp, run: Run) -> None:
    """A reader searches runs by POST."""
    found = expect_status(reader.post("runs/search", experiment_ids=[run.experiment_id], max_results=1), 200)

    expect_denied(anonymous.post("runs/search", experiment_ids=[run.experiment_id]))  # control: a key is needed
    assert found.document["runs"], found


@requires_right("reader", "read")
@lacks_right("anonymous", "read")
@verifies("AUZ-001")
@pytest.mark.parametrize("path", ["/", "/version", "/static-files/index.html", "/graphql"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reader_reads_a_page(reader: MlflowHttp, anonymous: MlflowHttp, method: str, path: str) -> None:
    """A reader reads the pages, and what tells of the server."""
    require(reader.search_experiments(), 200)  # control: the key is good
    expect_denied(anonymous.search_experiments())  # control: a key is needed
    read = reader.send(method, path)

    assert read.status not in (401, 403), read


@requires_right("reader", "artifact-read")
@lacks_right("anonymous", "artifact-read")
@verifies("AUZ-002")
def test_reader_downloads(
    door: MlflowHttp, reader: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload
) -> None:
    """A reader downloads an artifact."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = expect_status(reader.get_artifact(location, "a.bin"), 200)

    expect_denied(anonymous.get_artifact(location, "a.bin"))  # control: a key is needed
    expect_equal(found.content, payload(100), "bytes")


@requires_right("reader", "artifact-read")
@lacks_right("anonymous", "artifact-read")
@verifies("AUZ-002")
def test_reader_lists(
    door: MlflowHttp, reader: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload
) -> None:
    """A reader lists the artifacts of a run."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = expect_status(reader.list_artifacts(location), 200)

    expect_denied(anonymous.list_artifacts(location))  # control: a key is needed
    expect_equal([entry["path"] for entry in found.document["files"]], ["a.bin"], "listed files")


@requires_right("reader", "artifact-read")
@lacks_right("anonymous", "artifact-read")
@verifies("AUZ-003")
def test_reader_obtains_presigned_downloads(
    door: MlflowHttp, reader: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload
) -> None:
    """A reader obtains a presigned download."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    found = expect_status(reader.presign_artifact(location, "a.bin"), 200)

    expect_denied(anonymous.presign_artifact(location, "a.bin"))  # control: a key is needed
    expect_equal(found.document["file_size"], 100, "announced size")
