"""A host in an artifact location is where clients upload: one that is not reached is told, and no other."""

from __future__ import annotations

import socket

import pytest

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.met_by_clients import BROKEN_ANSWERS
from registry_conformance.judge.diagnosis.probes.artifact_host import unreached_host
from registry_conformance.judge.target.network import Network
from registry_conformance.judge.target.target import Door

DOOR = Door("given", "http://registry.example/api/mlflow", 2.0)


@pytest.mark.parametrize(
    "location",
    ["mlflow-artifacts:/1", "mlflow-artifacts://registry.example/1", "s3://127.0.0.1:9/1", "/data/1"],
)
def test_location_that_the_door_serves_or_no_mlflow_is_let_be(location: str) -> None:
    """Without a host, or with the door's own, artifacts go through the door; other schemes are told elsewhere."""
    assert unreached_host(location, DOOR) == ""


def test_host_is_told_if_nobody_listens_there() -> None:
    """A host and port is told once nothing listens there; behind a forward proxy none is tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        heard = unreached_host(f"mlflow-artifacts://{place}/1", DOOR)
    proxied = Door("given", DOOR.url, 2.0, network=Network(http_proxy="http://proxy.example:3128"))

    assert heard == ""
    assert unreached_host("mlflow-artifacts://registry.example:99999/1", DOOR) == "registry.example:99999"
    assert unreached_host(f"mlflow-artifacts://{place}/1", DOOR) == place
    assert unreached_host(f"mlflow-artifacts://{place}/1", proxied) == ""


@pytest.mark.parametrize(
    ("place", "cause"),
    [("mlflow-artifacts unreached", "artifact-root-at-an-unreached-host"), ("gs", "artifact-root-in-another-store")],
)
def test_location_that_clients_cannot_use_has_a_cause(place: str, cause: str) -> None:
    """The fact of an unreached host, or of another store, is an anomaly that one cause explains."""
    facts = Facts()
    facts.record("location.P", place, "at the host x", "mlflow-artifacts")
    named = [each.id for each in BROKEN_ANSWERS if each.fact == "location.P" and each.holds(facts)]

    assert facts.anomalies
    assert named == [cause]
