"""Every answer can be found in the logs by its request id."""

from __future__ import annotations

from fixtures.essentials import Unique
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("RTE-020")
def test_success_carries_a_request_id(door: MlflowHttp) -> None:
    """A success carries a request id."""
    found = expect_status(door.search_experiments(), 200)

    assert found.request_id, found


@lacks_right("anonymous", "read")
@verifies("RTE-020")
def test_refusal_carries_a_request_id(door: MlflowHttp, anonymous: MlflowHttp) -> None:
    """A refusal carries a request id."""
    require(door.search_experiments(), 200)  # control: a key is all that is missing
    refused = expect_status(anonymous.search_experiments(), 401)

    assert refused.request_id, refused


@verifies("RTE-021")
def test_request_ids_differ(door: MlflowHttp) -> None:
    """Two requests get two request ids."""
    first = expect_status(door.search_experiments(), 200)
    second = expect_status(door.search_experiments(), 200)

    assert first.request_id != second.request_id, first


@verifies("RTE-022")
def test_clients_request_id_is_kept(door: MlflowHttp, unique: Unique) -> None:
    """A client's own request id is returned."""
    mine = unique("request")
    found = door.send(
        "POST", "/api/2.0/mlflow/experiments/search", json={"max_results": 1}, headers=[("X-Request-Id", mine)]
    )

    expect_equal(expect_status(found, 200).request_id, mine, "request id")
