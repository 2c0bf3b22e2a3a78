"""While MLflow is down, clients are told so, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from fixtures.refusals import holding
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST
from registry_conformance.judge.expect import expect_equal, expect_json_error, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, MLflow

DOWN = replace(REFERENCE, mlflow=MLflow(up=False))
REQUESTS = [
    ("GET", f"{REST}/experiments/get?experiment_id=0"),
    ("POST", f"{REST}/experiments/search"),
    ("PUT", f"{ARTIFACTS}/artifacts/down/a.bin"),
    ("GET", f"{ARTIFACTS}/artifacts/down/a.bin"),
    ("DELETE", f"{REST}/registered-models/delete"),
    ("GET", "/"),
]


@verifies("ERR-040")
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_outage_is_a_json_502(scratch: Scratch, method: str, path: str) -> None:
    """A request while MLflow is down is a JSON 502."""
    door = scratch.apply(DOWN)

    expect_json_error(door.send(method, path, json={"max_results": 1}), 502)


@verifies("ERR-041")
def test_outage_names_no_inner_address(scratch: Scratch) -> None:
    """The error while MLflow is down names no address behind the proxy."""
    door = scratch.apply(DOWN)
    down = require(door.search_experiments(), 502)
    origin = scratch.target.origin

    assert origin is not None, "the stack names no origin"
    told = holding([down], urlsplit(origin.url).netloc, "http://", "refused", "errno 111")  # bare 111: in request ids
    expect_equal(told, [], "errors with an address")


@verifies("ERR-042")
def test_outage_is_no_way_past_the_keys(scratch: Scratch) -> None:
    """While MLflow is down a key is still asked for."""
    door = scratch.apply(DOWN)
    require(door.search_experiments(), 502)  # control: with a key, the outage shows

    expect_refused(door.with_key(None).search_experiments(), 401)


@verifies("OPS-007")
def test_health_tells_of_the_outage(scratch: Scratch) -> None:
    """Health is an error while MLflow is down."""
    require(scratch.apply(REFERENCE).with_key(None).health(), 200)  # control: health is fine while MLflow runs
    down = scratch.apply(DOWN).with_key(None).health()

    assert down.broke, down
    expect_json_error(down, 502)


@verifies("OPS-008")
def test_service_resumes_after_the_outage(scratch: Scratch) -> None:
    """The first request after MLflow is back is served."""
    require(scratch.apply(DOWN).search_experiments(), 502)

    expect_status(scratch.apply(REFERENCE).search_experiments(), 200)
