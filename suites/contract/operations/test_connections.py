"""Connections carry many requests, each judged on its own."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import KeyOf, Payload
from fixtures.policy import lacks_right, requires_right
from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.clients.partial_transfers import under_way
from registry_conformance.judge.expect import expect_equal, expect_status
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

FOUND, MISSED = f"{REST}/experiments/get?experiment_id=0", f"{REST}/runs/get?run_id=no-such-run"


@verifies("OPS-009")
def test_connection_carries_many_requests(connection: Connection, own_key: str) -> None:
    """One connection carries requests, successes and errors alike."""
    asked = [("/health", None), (FOUND, own_key), (MISSED, own_key), ("/no-such-page", own_key)]

    expect_equal(connection.in_turn([*asked, *asked]), [200, 200, 404, 404] * 2, "statuses on one connection")


@lacks_right("anonymous", "read")
@requires_right("reader", "read")
@verifies("OPS-010")
def test_key_counts_for_its_request_only(connection: Connection, key: KeyOf, own_key: str) -> None:
    """A key counts for its own request, not for the connection."""
    asked = [(FOUND, own_key), (FOUND, None), (FOUND, "hk_unknown_0000"), (FOUND, key("reader")), (FOUND, None)]

    expect_equal(connection.in_turn(asked), [200, 401, 401, 200, 401], "statuses on one connection")


@lacks_right("anonymous", "read")
@requires_right("reader", "read")
@verifies("OPS-011")
def test_pipelined_answers_come_in_order(connection: Connection, key: KeyOf, own_key: str) -> None:
    """Pipelined requests are answered in order, each with its own key."""
    asked = [
        ("/version", own_key),
        (FOUND, None),
        ("/health", None),
        (MISSED, own_key),
        (FOUND, key("reader")),
    ]
    answers = connection.at_once(asked)

    expect_equal([status for status, _ in answers], [200, 401, 200, 404, 200], "statuses in order")
    expect_equal(answers[2][1], b"OK", "body of the third answer")


@verifies("OPS-012")
def test_http2_is_served_where_offered(connection: Connection) -> None:
    """HTTP/2 without TLS, where offered, serves requests."""
    offered = connection.speaks_http2()

    assert offered or pytest.skip("this door offers no HTTP/2 without TLS")
    expect_equal(connection.over_http2("/health"), (True, b"OK"), "health over HTTP/2")


@verifies("OPS-032")
def test_upload_holds_nobody_up(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A request is answered while an upload stands half-way."""
    with under_way(door, location, "slow.bin", payload(2_000)):
        meanwhile = door.search_experiments()
    stored = door.get_artifact(location, "slow.bin")

    expect_status(meanwhile, 200)
    expect_equal(expect_status(stored, 200).content, payload(2_000), "bytes of the upload")  # control: it was one
