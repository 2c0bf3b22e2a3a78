"""Without a key nothing but health is served."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from fixtures.essentials import Payload
from fixtures.policy import lacks_right
from fixtures.routes import SERVER_INFO
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp, location_path
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_refused, require
from registry_conformance.judge.requirement import for_versions, only_for, verifies


@lacks_right("anonymous", "read")
@verifies("AUT-001")
def test_metadata_is_refused(door: MlflowHttp, anonymous: MlflowHttp) -> None:
    """Metadata without a key is refused."""
    require(door.search_experiments(), 200)  # control: the key makes the difference

    expect_denied(anonymous.search_experiments())


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-002")
def test_upload_is_refused_and_leaves_nothing(
    door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """An upload without a key is refused and leaves no object."""
    require(door.put_artifact(location, "mine.bin", payload(100)), 200)
    refused = anonymous.put_artifact(location, "theirs.bin", payload(100))

    expect_denied(refused)
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-002")
def test_large_upload_is_refused(anonymous: MlflowHttp, location: str, payload: Payload) -> None:
    """A large upload without a key is refused, not cut off."""
    refused = anonymous.put_artifact(location, "theirs.bin", payload(4 * 1024 * 1024))

    expect_denied(refused)


@lacks_right("anonymous", "artifact-read")
@verifies("AUT-003")
def test_download_is_refused(door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload) -> None:
    """A download without a key is refused."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.get_artifact(location, "a.bin"), 200)  # control: there is something to download
    refused = anonymous.get_artifact(location, "a.bin")

    expect_denied(refused)


@lacks_right("anonymous", "artifact-read")
@verifies("AUT-003")
def test_listing_is_refused(door: MlflowHttp, anonymous: MlflowHttp, location: str) -> None:
    """A listing without a key is refused."""
    require(door.list_artifacts(location), 200)  # control: the key makes the difference

    expect_denied(anonymous.list_artifacts(location))


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-004")
def test_deletion_is_refused_and_deletes_nothing(
    door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """A deletion without a key is refused and deletes nothing."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)

    expect_denied(anonymous.delete_artifact(location, "a.bin"))
    expect_equal(bucket.under(location), {"a.bin": 100}, "objects at the location")


@lacks_right("anonymous", "artifact-read")
@verifies("AUT-005")
@for_versions(">=3.11.0", "there is no such route")
def test_presigned_download_is_refused(
    door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload
) -> None:
    """A presigned URL without a key is refused."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.presign_artifact(location, "a.bin"), 200)  # control: the key makes the difference

    expect_denied(anonymous.presign_artifact(location, "a.bin"))


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-005")
def test_multipart_upload_is_refused(door: MlflowHttp, anonymous: MlflowHttp, location: str) -> None:
    """A multipart upload without a key is refused."""
    begun = require(door.create_multipart(location, "a.bin", parts=1), 200).document
    require(door.abort_multipart(location, "a.bin", begun["upload_id"]), 200)

    expect_denied(anonymous.create_multipart(location, "a.bin", parts=1))


@lacks_right("anonymous", "read")
@verifies("AUT-006")
@pytest.mark.parametrize("version", ["2.0", pytest.param("3.0", marks=[only_for("platform"), SERVER_INFO])])
def test_ajax_metadata_is_refused(door: MlflowHttp, anonymous: MlflowHttp, run: Run, version: str) -> None:
    """The browser's metadata API without a key is refused."""
    path = {"2.0": "/ajax-api/2.0/mlflow/runs/get", "3.0": "/ajax-api/3.0/mlflow/server-info"}[version]
    require(door.send("GET", path, query={"run_id": run.id}), 200)  # control: the key makes the difference

    expect_denied(anonymous.send("GET", path, query={"run_id": run.id}))


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-006")
def test_ajax_upload_is_refused(door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload) -> None:
    """The browser's upload route without a key is refused."""
    path = f"/ajax-api/2.0/mlflow-artifacts/artifacts/{quote(location_path(location))}/a.bin"
    refused = anonymous.send("PUT", path, body=payload(100))
    accepted = door.send("PUT", path, body=payload(100))

    require(accepted, 200)  # control: the key makes the difference
    expect_denied(refused)


@lacks_right("anonymous", "read")
@verifies("AUT-007")
@for_versions(">=2.11.0", "there is no such route")
def test_graphql_is_refused(door: MlflowHttp, anonymous: MlflowHttp) -> None:
    """A GraphQL query without a key is refused."""
    query = {"query": "{ __typename }"}
    require(door.send("POST", "/graphql", json=query), 200)  # control: the key makes the difference

    expect_denied(anonymous.send("POST", "/graphql", json=query))


@lacks_right("anonymous", "read")
@verifies("AUT-007")
@pytest.mark.parametrize("path", ["/", "/version", "/graphql", f"{REST}/experiments/search"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_page_is_refused(door: MlflowHttp, anonymous: MlflowHttp, method: str, path: str) -> None:
    """A page, or what tells of the server, is refused without a key."""
    accepted = door.send(method, path)

    assert accepted.status not in (401, 403), accepted  # control: the key makes the difference
    expect_denied(anonymous.send(method, path))


@lacks_right("anonymous", "artifact-read")
@verifies("AUT-007")
def test_get_artifact_is_refused(door: MlflowHttp, anonymous: MlflowHttp, run: Run, payload: Payload) -> None:
    """The browser's download route without a key is refused."""
    require(door.put_artifact(run.location, "a.bin", payload(100)), 200)
    query = {"run_id": run.id, "path": "a.bin"}
    require(door.send("GET", "/get-artifact", query=query), 200)  # control: the key makes the difference

    expect_denied(anonymous.send("GET", "/get-artifact", query=query))


@lacks_right("anonymous", "read")
@verifies("AUT-057")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_health_is_read_alone(anonymous: MlflowHttp, method: str) -> None:
    """Whoever has no key reads health, and does nothing else there."""
    require(anonymous.health(), 200)  # control: the path itself is open

    expect_refused(anonymous.send(method, "/health"), 401)
