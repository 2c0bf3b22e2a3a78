"""Every answer can be found in the logs by its request id."""

from __future__ import annotations

from fixtures.checks import Unique, bars
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_status, given
from fixtures.requirement import verifies


@verifies("RTE-020")
def test_success_carries_a_request_id(door: Wire) -> None:
    """A success carries a request id."""
    found = expect_status(door.search_experiments(), 200)

    assert found.request_id, found


@bars("anonymous", "read")
@verifies("RTE-020")
def test_refusal_carries_a_request_id(door: Wire, anonymous: Wire) -> None:
    """A refusal carries a request id."""
    given(door.search_experiments(), 200)  # control: a key is all that is missing
    refused = expect_status(anonymous.search_experiments(), 401)

    assert refused.request_id, refused


@verifies("RTE-021")
def test_request_ids_differ(door: Wire) -> None:
    """Two requests get two request ids."""
    first = expect_status(door.search_experiments(), 200)
    second = expect_status(door.search_experiments(), 200)

    assert first.request_id != second.request_id, first


@verifies("RTE-022")
def test_clients_request_id_is_kept(door: Wire, unique: Unique) -> None:
    """A client's own request id is returned."""
    mine = unique("request")
    found = door.send(
        "POST", "/api/2.0/mlflow/experiments/search", json={"max_results": 1}, headers=[("X-Request-Id", mine)]
    )

    expect_equal(expect_status(found, 200).request_id, mine, "request id")
