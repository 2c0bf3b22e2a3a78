"""What MLflow should refuse, and is known not to."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.expect import expect_refused, require
from registry_conformance.judge.requirement import upstream_defect, verifies

pytestmark = one_door

CREATE = f"{REST}/registered-models/create"
JSON = ("Content-Type", "application/json")


@verifies("ERR-048")
@upstream_defect("mlflow#12550", versions="<=3.18.0", expires="2027-06-30")
@pytest.mark.parametrize("body", [b'["a"]', b'"text"'], ids=["list", "text"])
def test_document_that_is_no_object_is_a_json_400(door: MlflowHttp, body: bytes) -> None:
    """A JSON document that is no object is a JSON 400."""
    require(door.send("POST", CREATE, headers=[JSON], body=b"{}"), 400)  # control: an object without fields

    expect_refused(door.send("POST", CREATE, headers=[JSON], body=body), 400)


@verifies("ERR-049")
@upstream_defect("mlflow#12550", versions="<=3.18.0", expires="2027-06-30")
def test_negative_limit_is_a_json_400(door: MlflowHttp) -> None:
    """A search with a negative limit is a JSON 400."""
    require(door.get("registered-models/search", max_results=999_999_999), 400)  # control: limits are looked at

    expect_refused(door.get("registered-models/search", max_results=-1), 400, "INVALID_PARAMETER_VALUE")


@verifies("ERR-050")
@upstream_defect("not reported upstream", versions="<=3.18.0", expires="2027-06-30")
def test_history_of_an_unknown_run_is_a_json_404(door: MlflowHttp) -> None:
    """The metric history of a run that does not exist is a 404."""
    require(door.get("runs/get", run_id="0" * 32), 404)  # control: there is no such run

    expect_refused(door.get("metrics/get-history", run_id="0" * 32, metric_key="m"), 404, "RESOURCE_DOES_NOT_EXIST")
