"""Many requests at once, or on one connection, are each served as one alone is."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload, Unique
from fixtures.lives import FOUND, OldConnections, Silence, Surroundings
from fixtures.routes import SERVER_INFO
from fixtures.runs import Run
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.lives import LIVES, Request, lead, lead_side_by_side
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp
from registry_conformance.judge.clients.partial_transfers import half_sent, under_way
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import for_versions, verifies

pytestmark = one_door

SIDE_BY_SIDE = 8
"""So many that no process of MLflow runs dry: its pool has 15 connections, a change may need two, and who waits for
the second waits for 30 seconds."""
AT_ONCE = 64
FOUND_NOTHING = b'{"name": "no-such-model", "run_id": "0", "model_id": "0", "alias": "a", "version": "1", "key": "k"}'
BY_VERSION = {"logged-model": for_versions(">=3.0.0", "there are no logged models"), "question": SERVER_INFO}
"""Kinds of things whose life needs routes that not every MLflow has."""
KINDS = [pytest.param(kind, marks=BY_VERSION[kind]) if kind in BY_VERSION else kind for kind in LIVES]


@verifies("OPS-036")
@pytest.mark.parametrize("kind", KINDS)
def test_things_live_side_by_side(door: MlflowHttp, around: Surroundings, unique: Unique, kind: str) -> None:
    """Things of a kind that live side by side each get their own answers."""
    steps = lead_side_by_side(door, [LIVES[kind](unique(kind), around) for _ in range(SIDE_BY_SIDE)])

    assert steps >= 3 * SIDE_BY_SIDE, steps


@verifies("OPS-036")
def test_metadata_is_read_by_many_at_once(door: MlflowHttp) -> None:
    """Sixty-four reads at the same time have one and the same answer."""
    alone = require(door.send("GET", FOUND), 200)
    read = at_once([lambda: door.send("GET", FOUND)] * AT_ONCE, AT_ONCE)

    expect_equal([each.status for each in read], [200] * AT_ONCE, "statuses")
    expect_equal({each.content for each in read}, {alone.content}, "answers")


@verifies("OPS-036")
def test_files_are_read_and_listed_by_many_at_once(door: MlflowHttp, run: Run, payload: Payload) -> None:
    """Listings and downloads at the same time have one and the same answer each."""
    require(door.put_artifact(run.location, "many.bin", payload(3000)), 200)
    alone = require(door.list_artifacts(run.location), 200)
    listed = at_once([lambda: door.list_artifacts(run.location)] * SIDE_BY_SIDE, SIDE_BY_SIDE)
    read = at_once([lambda: door.get_artifact(run.location, "many.bin")] * SIDE_BY_SIDE, SIDE_BY_SIDE)

    expect_equal([each.content for each in listed], [alone.content] * SIDE_BY_SIDE, "listings")
    expect_equal([each.content for each in read], [payload(3000)] * SIDE_BY_SIDE, "files")


@verifies("OPS-037")
@pytest.mark.parametrize("kind", KINDS)
def test_old_connection_serves_all_alike(
    door: MlflowHttp,
    connection: Connection,
    old_connections: OldConnections,
    around: Surroundings,
    unique: Unique,
    kind: str,
) -> None:
    """After two hundred requests a connection serves the whole life of a thing."""
    steps = lead(old_connections.to(connection, door.key), LIVES[kind](unique(kind), around))

    assert steps >= 3, steps


@verifies("OPS-038")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{REST}/experiments/set-experiment-tag"),
        ("POST", f"{REST}/runs/set-tag"),
        ("POST", f"{REST}/registered-models/set-tag"),
        ("PATCH", f"{REST}/registered-models/update"),
        ("POST", f"{REST}/model-versions/set-tag"),
        ("PATCH", f"{REST}/model-versions/update"),
        ("POST", f"{REST}/registered-models/alias"),
        ("POST", f"{REST}/logged-models"),
        ("POST", "/graphql"),
        ("POST", f"{ARTIFACTS}/mpu/abort/none"),
    ],
)
def test_half_a_request_holds_up_none(door: MlflowHttp, method: str, path: str) -> None:
    """A request is answered while another of its kind stands half-way."""
    headers = [("Content-Type", "application/json")]
    alone = door.send(method, path, body=FOUND_NOTHING, headers=headers)
    with half_sent(door, method, path, FOUND_NOTHING):
        meanwhile = door.send(method, path, body=FOUND_NOTHING, headers=headers)

    assert alone.status is not None, alone  # control: it is answered
    expect_equal(meanwhile.status, alone.status, "status while another stands half-way")


@verifies("OPS-038")
def test_half_an_upload_holds_up_none(door: MlflowHttp, location: str) -> None:
    """A file is uploaded while another upload stands half-way."""
    with under_way(door, location, "slow.bin", bytes(2_000)):
        meanwhile = door.put_artifact(location, "quick.bin", b"quick")

    expect_status(meanwhile, 200)


@verifies("OPS-039")
def test_silent_connection_serves_again(door: MlflowHttp, connection: Connection, silence: Silence) -> None:
    """A connection that was silent for seconds serves the next requests."""
    with connection.kept(door.key) as ask:
        first = ask(Request("GET", FOUND))
        silence()
        later = [ask(Request("GET", FOUND)), ask(Request("GET", "/health"))]

    expect_equal([first.status, *(each.status for each in later)], [200] * 3, "statuses before and after")
    expect_equal(later[0].content, first.content, "answer after the silence")
