"""The way to each door, one step after the other: name, connection, certificate, answer, key."""

from __future__ import annotations

from fixtures.clients.reach import Way
from fixtures.clients.wire import Wire
from fixtures.expect import expect_status
from fixtures.requirement import verifies


@verifies("RCH-001")
def test_name_resolves(way: Way) -> None:
    """The door's host name resolves to an address."""
    assert way.addresses()


@verifies("RCH-002")
def test_door_takes_connections(way: Way) -> None:
    """The door takes connections at its port."""
    way.connect()


@verifies("RCH-003")
def test_certificate_is_believed(secured_way: Way) -> None:
    """The door's certificate is good for its name and believed."""
    assert secured_way.shake_hands()


@verifies("RCH-004")
def test_door_answers(door: Wire) -> None:
    """The door answers a request for its health."""
    expect_status(door.health(), 200)


@verifies("RCH-005")
def test_key_is_let_in(door: Wire) -> None:
    """The door lets in the key that third parties have."""
    expect_status(door.search_experiments(), 200)
