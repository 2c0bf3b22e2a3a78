"""MLflow that takes too long is given up in the time that the deployment declares."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import pytest

from fixtures.refusals import holding
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Links, Proxy
from registry_conformance.lab.disturbance import Delay, Rule, When

BUDGET, LATE = 0.1, 10.0
"""Seconds that MLflow may take, and after which nobody would say that they were kept: other limits are longer."""
HASTY = replace(REFERENCE, proxy=Proxy(timeout=BUDGET))
REQUESTS = [
    ("GET", f"{REST}/experiments/get?experiment_id=0"),
    ("POST", f"{REST}/registered-models/create"),
    ("DELETE", f"{REST}/registered-models/delete"),
    ("GET", "/health"),
]
FILES = [
    ("GET", f"{ARTIFACTS}/artifacts?path=none"),
    ("GET", "/get-artifact?run_id=none&path=a"),
    ("GET", "/model-versions/get-artifact?name=none&version=1&path=a"),
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=none&path=a"),
    ("GET", "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=none"),
    ("GET", "/ajax-api/2.0/mlflow/logged-models/none/artifacts/files?artifact_file_path=a"),
]
"""Requests for files that there are not."""


@verifies("ERR-043")
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_hanging_mlflow_is_a_json_504(scratch: Scratch, method: str, path: str) -> None:
    """A request that MLflow does not answer is a JSON 504 in time."""
    require(scratch.apply(REFERENCE).search_experiments(), 200)  # control: MLflow answers
    door = scratch.apply(HASTY)
    scratch.stall("mlflow")
    late = expect_refused(door.send(method, path, json={"name": "late"}), 504)

    expect_equal(late.seconds < LATE, True, f"{late} given up within {LATE:.0f} s")


@verifies("RTE-053")
@pytest.mark.parametrize(("method", "path"), FILES)
def test_files_have_more_patience_than_metadata(scratch: Scratch, method: str, path: str) -> None:
    """A route of files waits longer than metadata does, at each door."""
    slow = Links(mlflow=(Rule(When(), (Delay(3 * BUDGET),)),))
    door = scratch.apply(replace(HASTY, links=slow))
    require(door.search_experiments(), 504)  # control: metadata is given up
    found = at_once([partial(door.through(each).send, method, path) for each in scratch.target.doors])

    expect_equal([str(each) for each in found if each.status == 504], [], "files that are given up")


@verifies("ERR-044")
def test_hanging_mlflow_is_not_named(scratch: Scratch) -> None:
    """The error of a hanging MLflow names no address behind the proxy."""
    door = scratch.apply(HASTY)
    scratch.stall("mlflow")
    late = require(door.search_experiments(), 504)
    origin = scratch.target.origin

    assert origin is not None, "the stack names no origin"
    expect_equal(holding([late], urlsplit(origin.url).netloc, "http://", "upstream", "timeout"), [], "errors")


@verifies("OPS-029")
def test_service_resumes_after_a_hang(scratch: Scratch) -> None:
    """The first request after MLflow hung is served."""
    door = scratch.apply(HASTY)
    scratch.stall("mlflow")
    require(door.search_experiments(), 504)
    scratch.resume()

    expect_status(scratch.apply(REFERENCE).search_experiments(), 200)
