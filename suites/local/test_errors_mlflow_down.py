"""While MLflow is down, clients are told so, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from fixtures.checks import Spare
from fixtures.checks.refusals import holding
from fixtures.clients.wire import ARTIFACTS, REST
from fixtures.deployment import REFERENCE, MLflow
from fixtures.expect import expect_equal, expect_json_error, expect_refused, expect_status, given
from fixtures.requirement import verifies

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
def test_outage_is_a_json_502(spare: Spare, method: str, path: str) -> None:
    """A request while MLflow is down is a JSON 502."""
    door = spare.become(DOWN)

    expect_json_error(door.send(method, path, json={"max_results": 1}), 502)


@verifies("ERR-041")
def test_outage_names_no_inner_address(spare: Spare) -> None:
    """The error while MLflow is down names no address behind the proxy."""
    door = spare.become(DOWN)
    down = given(door.search_experiments(), 502)
    origin = spare.target.origin

    assert origin is not None, "the stack names no origin"
    told = holding([down], urlsplit(origin.url).netloc, "http://", "refused", "errno 111")  # bare 111: in request ids
    expect_equal(told, [], "errors with an address")


@verifies("ERR-042")
def test_outage_is_no_way_past_the_keys(spare: Spare) -> None:
    """While MLflow is down a key is still asked for."""
    door = spare.become(DOWN)
    given(door.search_experiments(), 502)  # control: with a key, the outage shows

    expect_refused(door.with_key(None).search_experiments(), 401)


@verifies("OPS-007")
def test_health_tells_of_the_outage(spare: Spare) -> None:
    """Health is an error while MLflow is down."""
    given(spare.become(REFERENCE).with_key(None).health(), 200)  # control: health is fine while MLflow runs
    down = spare.become(DOWN).with_key(None).health()

    assert down.broke, down
    expect_json_error(down, 502)


@verifies("OPS-008")
def test_service_resumes_after_the_outage(spare: Spare) -> None:
    """The first request after MLflow is back is served."""
    given(spare.become(DOWN).search_experiments(), 502)

    expect_status(spare.become(REFERENCE).search_experiments(), 200)
