"""Every metadata route and page is served at every door."""

from __future__ import annotations

import re

from fixtures.essentials import Unique
from fixtures.routes import SERVER_INFO
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("RTE-001")
def test_metadata_is_served(door: MlflowHttp) -> None:
    """The metadata API lists experiments."""
    found = expect_status(door.search_experiments(), 200)

    assert found.document["experiments"], found


@verifies("RTE-002")
@SERVER_INFO
def test_metadata_3_is_served(door: MlflowHttp) -> None:
    """The 3.0 metadata API says what the server can do."""
    found = expect_status(door.server_info(), 200)

    assert "store_type" in found.document, found


@verifies("RTE-009")
def test_ajax_metadata_is_served(door: MlflowHttp) -> None:
    """The browser's metadata API lists experiments."""
    found = door.send("POST", "/ajax-api/2.0/mlflow/experiments/search", json={"max_results": 1})

    assert expect_status(found, 200).document["experiments"], found


@verifies("RTE-010")
@SERVER_INFO
def test_ajax_metadata_3_is_served(door: MlflowHttp) -> None:
    """The browser's 3.0 metadata API says what the server can do."""
    found = expect_status(door.send("GET", "/ajax-api/3.0/mlflow/server-info"), 200)

    assert "store_type" in found.document, found


@verifies("RTE-013")
def test_graphql_is_served(door: MlflowHttp, run: Run) -> None:
    """A GraphQL query finds a run."""
    query = "query Q($i: MlflowGetRunInput!) { mlflowGetRun(input: $i) { run { info { runId } } } }"
    document = {"operationName": "Q", "query": query, "variables": {"i": {"runId": run.id}}}
    found = expect_status(door.send("POST", "/graphql", json=document), 200).document

    expect_equal(found["data"]["mlflowGetRun"]["run"]["info"]["runId"], run.id, "run id")


@verifies("RTE-014")
def test_user_interface_is_served(door: MlflowHttp) -> None:
    """The user interface is a page."""
    page = expect_status(door.send("GET", "/"), 200)

    expect_equal(page.content_type, "text/html", "content type")


@verifies("RTE-015")
def test_version_is_served(door: MlflowHttp) -> None:
    """The version route says MLflow's version."""
    version = expect_status(door.version(), 200)

    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", version.text), version


@verifies("RTE-016")
def test_patch_arrives_with_its_body(door: MlflowHttp, unique: Unique) -> None:
    """A PATCH changes what its body says."""
    name = unique("model")
    require(door.create_model(name), 200)
    expect_status(door.patch("registered-models/update", name=name, description="by PATCH"), 200)
    found = expect_status(door.get("registered-models/get", name=name), 200)

    expect_equal(found.document["registered_model"].get("description"), "by PATCH", "description")


@verifies("RTE-017")
def test_delete_arrives_with_its_body(door: MlflowHttp, unique: Unique) -> None:
    """A DELETE deletes what its body names."""
    kept, gone = unique("kept"), unique("gone")
    require(door.create_model(kept), 200)
    require(door.create_model(gone), 200)
    expect_status(door.delete("registered-models/delete", name=gone), 200)

    expect_status(door.get("registered-models/get", name=kept), 200)
    expect_refused(door.get("registered-models/get", name=gone), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("RTE-050")
def test_unknown_path_is_a_404(door: MlflowHttp) -> None:
    """A path under the API that MLflow does not have is a 404."""
    require(door.search_experiments(), 200)  # control: what it has is served

    expect_status(door.send("GET", "/api/2.0/mlflow/no-such-thing"), 404)


@verifies("RTE-019")
def test_unknown_path_is_a_json_404(door: MlflowHttp) -> None:
    """An unknown path under the API is a JSON 404."""
    require(door.search_experiments(), 200)  # control: known paths are served

    expect_refused(door.send("GET", "/api/2.0/mlflow/no-such-thing"), 404)


@verifies("RTE-023")
def test_origin_shows_what_was_written(door: MlflowHttp, origin: MlflowHttp, run: Run) -> None:
    """A tag written through the proxy is the tag MLflow shows."""
    expect_status(door.set_run_tag(run.id, "colour", "blue green & 100% ü"), 200)
    found = expect_status(origin.get("runs/get", run_id=run.id), 200).document["run"]["data"]["tags"]

    expect_equal(
        [tag["value"] for tag in found if tag["key"] == "colour"], ["blue green & 100% ü"], "tag at the origin"
    )
