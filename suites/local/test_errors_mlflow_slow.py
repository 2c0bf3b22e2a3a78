"""MLflow that takes too long is given up in the time that the deployment declares."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from fixtures.checks import Spare
from fixtures.checks.refusals import holding
from fixtures.clients.wire import REST
from fixtures.deployment import REFERENCE, Proxy
from fixtures.expect import expect_equal, expect_refused, expect_status, given
from fixtures.requirement import verifies

BUDGET, LATE = 0.1, 10.0
"""Seconds that MLflow may take, and after which nobody would say that they were kept: other limits are longer."""
HASTY = replace(REFERENCE, proxy=Proxy(timeout=BUDGET))
REQUESTS = [
    ("GET", f"{REST}/experiments/get?experiment_id=0"),
    ("POST", f"{REST}/registered-models/create"),
    ("DELETE", f"{REST}/registered-models/delete"),
    ("GET", "/health"),
]


@verifies("ERR-043")
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_hanging_mlflow_is_a_json_504(spare: Spare, method: str, path: str) -> None:
    """A request that MLflow does not answer is a JSON 504 in time."""
    given(spare.become(REFERENCE).search_experiments(), 200)  # control: MLflow answers
    door = spare.become(HASTY)
    spare.stall("mlflow")
    late = expect_refused(door.send(method, path, json={"name": "late"}), 504)

    expect_equal(late.seconds < LATE, True, f"{late} given up within {LATE:.0f} s")


@verifies("ERR-044")
def test_hanging_mlflow_is_not_named(spare: Spare) -> None:
    """The error of a hanging MLflow names no address behind the proxy."""
    door = spare.become(HASTY)
    spare.stall("mlflow")
    late = given(door.search_experiments(), 504)
    origin = spare.target.origin

    assert origin is not None, "the stack names no origin"
    expect_equal(holding([late], urlsplit(origin.url).netloc, "http://", "upstream", "timeout"), [], "errors")


@verifies("OPS-029")
def test_service_resumes_after_a_hang(spare: Spare) -> None:
    """The first request after MLflow hung is served."""
    door = spare.become(HASTY)
    spare.stall("mlflow")
    given(door.search_experiments(), 504)
    spare.resume()

    expect_status(spare.become(REFERENCE).search_experiments(), 200)
