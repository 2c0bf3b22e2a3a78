"""Connections carry many requests, each judged on its own."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.clients.partial_transfers import under_way
from registry_conformance.judge.denial import NOT_SERVED
from registry_conformance.judge.expect import expect_equal, expect_status, expect_within, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

UNKNOWN = f"{REST}/no-such-thing"
LIFE = 200
FOUND, MISSED = f"{REST}/experiments/get?experiment_id=0", f"{REST}/runs/get?run_id=no-such-run"


@verifies("OPS-009")
def test_connection_carries_many_requests(connection: Connection, own_key: str) -> None:
    """One connection carries requests, successes and errors alike."""
    asked = [("/version", own_key), (FOUND, own_key), (MISSED, own_key), (UNKNOWN, own_key)]

    expect_equal(connection.in_turn([*asked, *asked]), [200, 200, 404, 404] * 2, "statuses on one connection")


@verifies("OPS-035")
def test_connection_lives_long(connection: Connection, own_key: str) -> None:
    """One connection carries two hundred requests."""
    expect_equal(connection.in_turn([("/version", own_key)] * LIFE), [200] * LIFE, "statuses on one connection")


@lacks_right("anonymous", "read")
@verifies("OPS-010")
def test_key_counts_for_its_request_only(connection: Connection, own_key: str) -> None:
    """A key counts for its own request, not for the connection."""
    asked = [(FOUND, own_key), (FOUND, None), (FOUND, "hk_unknown_0000"), (FOUND, own_key), (FOUND, None)]
    statuses = connection.in_turn(asked)

    expect_equal([statuses[0], statuses[3]], [200, 200], f"statuses with the key, of {statuses}")
    expect_within([statuses[1], statuses[2], statuses[4]], NOT_SERVED, f"of {statuses} those without it are among")


@lacks_right("anonymous", "read")
@verifies("OPS-011")
def test_pipelined_answers_come_in_order(connection: Connection, own_key: str) -> None:
    """Pipelined requests are answered in order, each with its own key."""
    asked = [
        ("/version", own_key),
        (FOUND, None),
        ("/version", own_key),
        (MISSED, own_key),
        (FOUND, own_key),
    ]
    statuses, bodies = zip(*connection.at_once(asked), strict=True)

    expect_equal([statuses[0], *statuses[2:]], [200, 200, 404, 200], f"statuses with the key, of {statuses}")
    expect_within([statuses[1]], NOT_SERVED, f"of {statuses} the second is among")
    expect_equal(bodies[2], bodies[0], "body of the third answer")


@verifies("OPS-012")
def test_http2_is_served_where_offered(connection: Connection, door: MlflowHttp) -> None:
    """HTTP/2 without TLS, where offered, serves requests."""
    offered = connection.speaks_http2()

    assert offered or pytest.skip("this door offers no HTTP/2 without TLS")
    asked = require(door.send("GET", FOUND), 200)
    expect_equal(connection.over_http2(FOUND, door.key), (True, asked.content), "answer over HTTP/2")


@verifies("OPS-032")
def test_upload_holds_nobody_up(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A request is answered while an upload stands half-way."""
    with under_way(door, location, "slow.bin", payload(2_000)):
        meanwhile = door.search_experiments()
    stored = door.get_artifact(location, "slow.bin")

    expect_status(meanwhile, 200)
    expect_equal(expect_status(stored, 200).content, payload(2_000), "bytes of the upload")  # control: it was one
