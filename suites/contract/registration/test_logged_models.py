"""Logged models of MLflow 3: made, described, found, and gone when deleted."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("REG-040")
def test_logged_model_keeps_params_and_tags(door: MlflowHttp, origin: MlflowHttp, logged_model: str) -> None:
    """A logged model's params and tags read back; a tag is deleted alone."""
    route = f"logged-models/{logged_model}"
    steps = [
        door.post(f"{route}/params", model_id=logged_model, params=[{"key": "depth", "value": "3"}]),
        door.patch(f"{route}/tags", tags=[{"key": "kept", "value": "✓"}, {"key": "gone", "value": "x"}]),
        door.delete(f"{route}/tags/gone"),
    ]
    found = expect_status(origin.get(route), 200).document["model"]

    expect_equal([step.status for step in steps], [200] * 3, "statuses")
    expect_equal(found["data"]["params"], [{"key": "depth", "value": "3"}], "params at the origin")
    expect_equal({tag["key"]: tag["value"] for tag in found["info"]["tags"]}, {"kept": "✓"}, "tags at the origin")


@verifies("REG-041")
@pytest.mark.parametrize("status", ["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"])
def test_logged_model_ends_as_it_was_finalised(
    door: MlflowHttp, origin: MlflowHttp, logged_model: str, status: str
) -> None:
    """A logged model is ready or failed, as its client says."""
    route = f"logged-models/{logged_model}"
    before = require(door.get(route), 200).document["model"]["info"]["status"]
    expect_status(door.patch(route, model_id=logged_model, status=status), 200)
    after = expect_status(origin.get(route), 200).document["model"]["info"]["status"]

    expect_equal([before, after], ["LOGGED_MODEL_PENDING", status], "statuses before and after")


@verifies("REG-040")
def test_logged_model_is_found_by_search(door: MlflowHttp, run: Run, logged_model: str, unique: Unique) -> None:
    """A logged model is found in its experiment by its name."""
    name = require(door.get(f"logged-models/{logged_model}"), 200).document["model"]["info"]["name"]
    search = {"experiment_ids": [run.experiment_id], "max_results": 50}
    found = expect_status(door.post("logged-models/search", **search, filter=f"name = '{name}'"), 200).document
    none = expect_status(door.post("logged-models/search", **search, filter=f"name = '{unique('x')}'"), 200).document

    expect_equal([model["info"]["model_id"] for model in found["models"]], [logged_model], "models found")
    expect_equal(none.get("models", []), [], "models of another name")


@verifies("REG-038", "REG-040")
def test_deleted_logged_model_is_gone(door: MlflowHttp, origin: MlflowHttp, logged_model: str) -> None:
    """A deleted logged model is found no more."""
    route = f"logged-models/{logged_model}"
    require(door.get(route), 200)  # control: it was there
    expect_status(door.delete(route), 200)

    expect_refused(door.get(route), 404, "RESOURCE_DOES_NOT_EXIST")
    expect_refused(origin.get(route), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("REG-040")
def test_files_of_a_logged_model_lie_at_its_location(door: MlflowHttp, logged_model: str, bucket: Bucket) -> None:
    """A logged model's files lie at the location that it names."""
    location = require(door.get(f"logged-models/{logged_model}"), 200).document["model"]["info"]["artifact_uri"]
    expect_status(door.put_artifact(location, "MLmodel", b"flavors: {}"), 200)
    listed = expect_status(door.get(f"logged-models/{logged_model}/artifacts/directories"), 200).document["files"]

    expect_equal([(entry["path"], int(entry["file_size"])) for entry in listed], [("MLmodel", 11)], "listed files")
    expect_equal(bucket.under(location), {"MLmodel": 11}, "objects of the model")


@verifies("REG-040")
def test_version_of_a_logged_model_names_it(
    door: MlflowHttp, origin: MlflowHttp, model: str, logged_model: str
) -> None:
    """A version made from a logged model names it as its source."""
    source = f"models:/{logged_model}"
    location = require(door.get(f"logged-models/{logged_model}"), 200).document["model"]["info"]["artifact_uri"]
    expect_status(door.post("model-versions/create", name=model, source=source, model_id=logged_model), 200)
    found = expect_status(origin.get("model-versions/get", name=model, version="1"), 200).document["model_version"]
    uri = expect_status(origin.get("model-versions/get-download-uri", name=model, version="1"), 200).document

    expect_equal(found["source"], source, "source at the origin")
    expect_equal(uri["artifact_uri"], location, "download URI")
