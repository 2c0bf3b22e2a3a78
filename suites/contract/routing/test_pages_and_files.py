"""Pages and files are served at every door, and nothing that is not declared."""

from __future__ import annotations

import re

import pytest

from fixtures.essentials import Payload, Unique
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("RTE-033")
@pytest.mark.parametrize(
    "path",
    [
        "/no-such-page",
        "/api/2.0/no-such-api/x",
        "/api/1.0/mlflow/experiments/search",
        "/api/2.0/mlflow-artifacts/no-such-family/x",
        "/metrics",
        "/openapi.json",
    ],
)
def test_undeclared_path_is_a_json_404(door: MlflowHttp, path: str) -> None:
    """A path that nobody declares is a JSON 404."""
    require(door.search_experiments(), 200)  # control: declared paths are served

    expect_refused(door.send("GET", path), 404)


@verifies("RTE-034")
def test_files_of_the_page_are_served(door: MlflowHttp, origin: MlflowHttp) -> None:
    """The page's own script is served as the origin has it."""
    page = require(door.send("GET", "/"), 200)
    script = re.search(r'src="\.?(/?static-files/[^"]+\.js)"', page.text)

    assert script, page
    here, there = door.send("GET", "/" + script[1].lstrip("/")), origin.send("GET", "/" + script[1].lstrip("/"))
    expect_equal(expect_status(here, 200).response_body, require(there, 200).response_body, "script")


@verifies("RTE-035")
def test_file_of_a_version_is_served(door: MlflowHttp, run: Run, payload: Payload, unique: Unique) -> None:
    """The browser's download route hands out a file of a model version."""
    name = unique("model")
    require(door.put_artifact(run.location, "model/a.bin", payload(100)), 200)
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/model", run.id), 200)
    query = f"name={name}&version=1&path=a.bin"
    fetched = expect_status(door.send("GET", "/model-versions/get-artifact", query=query), 200)

    expect_equal(fetched.content, payload(100), "bytes")
