"""The way to each door, one step after the other: name, connection, certificate, answer, key."""

from __future__ import annotations

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.reachability import ConnectionSteps
from registry_conformance.judge.expect import expect_status
from registry_conformance.judge.requirement import verifies


@verifies("RCH-001")
def test_name_resolves(way: ConnectionSteps) -> None:
    """The door's host name resolves to an address."""
    assert way.addresses()


@verifies("RCH-002")
def test_door_takes_connections(way: ConnectionSteps) -> None:
    """The door takes connections at its port."""
    way.connect()


@verifies("RCH-003")
def test_certificate_is_believed(secured_way: ConnectionSteps) -> None:
    """The door's certificate is valid for its name and trusted."""
    assert secured_way.shake_hands()


@verifies("RCH-004")
def test_door_answers(door: MlflowHttp) -> None:
    """The door answers a request for its health."""
    expect_status(door.health(), 200)


@verifies("RCH-005")
def test_key_is_let_in(door: MlflowHttp) -> None:
    """The door lets in the key that third parties have."""
    expect_status(door.search_experiments(), 200)
