"""Every artifact route is served at every door."""

from __future__ import annotations

from urllib.parse import quote

from fixtures.essentials import Payload
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp, location_path
from registry_conformance.judge.expect import expect_equal, expect_status, expect_within
from registry_conformance.judge.requirement import verifies

AJAX = "/ajax-api/2.0/mlflow-artifacts/artifacts"


@verifies("RTE-003")
def test_upload_is_routed(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An artifact upload is routed to MLflow."""
    expect_status(door.put_artifact(location, "a.bin", payload(100)), 200)


@verifies("RTE-004")
def test_download_is_routed(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An artifact download is routed to MLflow."""
    expect_status(door.put_artifact(location, "a.bin", payload(100)), 200)
    fetched = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_equal(fetched.content, payload(100), "bytes")


@verifies("RTE-005")
def test_listing_is_routed(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An artifact listing is routed to MLflow."""
    expect_status(door.put_artifact(location, "a.bin", payload(100)), 200)
    listed = expect_status(door.list_artifacts(location), 200)

    expect_within(["a.bin"], [entry["path"] for entry in listed.document["files"]], "listed files")


@verifies("RTE-006")
def test_deletion_is_routed(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An artifact deletion is routed to MLflow."""
    expect_status(door.put_artifact(location, "a.bin", payload(100)), 200)
    deleted = expect_status(door.delete_artifact(location, "a.bin"), 200)

    expect_equal(deleted.document, {}, "answer to the deletion")


@verifies("RTE-007")
def test_presigned_download_is_routed(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A request for a presigned download is routed to MLflow."""
    expect_status(door.put_artifact(location, "a.bin", payload(100)), 200)
    presigned = expect_status(door.presign_artifact(location, "a.bin"), 200)

    expect_equal(presigned.document["file_size"], 100, "announced size")


@verifies("RTE-008")
def test_multipart_upload_is_routed(door: MlflowHttp, location: str) -> None:
    """The begin and the end of a multipart upload are routed to MLflow."""
    begun = expect_status(door.create_multipart(location, "big.bin", parts=2), 200).document
    given_up = door.abort_multipart(location, "big.bin", begun["upload_id"])

    expect_equal([part["part_number"] for part in begun["credentials"]], [1, 2], "part numbers")
    expect_status(given_up, 200)


@verifies("RTE-011")
def test_ajax_artifact_routes_are_served(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The browser's artifact routes upload, list and download."""
    path = f"{AJAX}/{quote(location_path(location))}/a.bin"
    expect_status(door.send("PUT", path, body=payload(100)), 200)
    listed = expect_status(door.send("GET", AJAX, query={"path": location_path(location)}), 200)
    fetched = expect_status(door.send("GET", path), 200)

    expect_within(["a.bin"], [entry["path"] for entry in listed.document["files"]], "listed files")
    expect_equal(fetched.content, payload(100), "bytes")


@verifies("RTE-012")
def test_get_artifact_is_served(door: MlflowHttp, run: Run, payload: Payload) -> None:
    """The browser's download route hands out an artifact."""
    expect_status(door.put_artifact(run.location, "a.bin", payload(100)), 200)
    fetched = expect_status(door.send("GET", "/get-artifact", query={"run_id": run.id, "path": "a.bin"}), 200)

    expect_equal(fetched.content, payload(100), "bytes")


@verifies("RTE-018")
def test_escaped_slashes_in_a_query_arrive(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A folder whose slashes are escaped in the query is listed."""
    expect_status(door.put_artifact(location, "deep/er/a.bin", payload(100)), 200)
    query = "path=" + quote(f"{location_path(location)}/deep/er", safe="")
    listed = expect_status(door.send("GET", "/api/2.0/mlflow-artifacts/artifacts", query=query), 200)

    assert "%2F" in query, query  # control: the slashes are escaped
    expect_equal([entry["path"] for entry in listed.document.get("files", ())], ["a.bin"], "listed files")
