"""What was acknowledged under load is there afterwards: once, whole, and in order."""

from __future__ import annotations

from fixtures.load import InOrder, LoadOutcome
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies


@verifies("LOA-001")
def test_nothing_acknowledged_is_lost(proved: LoadOutcome) -> None:
    """Whatever was acknowledged is found afterwards, past the proxy and in the bucket."""
    expect_equal([str(each) for each in proved.proof.lost], [], "acknowledged and lost")


@verifies("LOA-002")
def test_artifacts_are_stored_byte_for_byte(proved: LoadOutcome) -> None:
    """Every artifact that was acknowledged has the sha256 of what was sent."""
    expect_equal([str(each) for each in proved.proof.corrupted], [], "acknowledged and corrupted")


@verifies("LOA-003")
def test_nothing_is_there_twice(proved: LoadOutcome) -> None:
    """Nothing is stored or registered more often than it was sent."""
    expect_equal([str(each) for each in proved.proof.doubled], [], "sent once and there twice")


@verifies("LOA-004")
def test_version_numbers_are_given_once(proved: LoadOutcome) -> None:
    """No two registrations were told the same version number of a model."""
    expect_equal([str(each) for each in proved.proof.same_number], [], "version numbers given twice")


@verifies("LOA-005")
def test_aliases_point_at_versions(proved: LoadOutcome) -> None:
    """Each alias that was set points at a version that is there."""
    expect_equal([str(each) for each in proved.proof.nowhere], [], "aliases that point nowhere")


@verifies("LOA-006")
def test_reads_show_what_was_acknowledged(load: LoadOutcome) -> None:
    """No read misses a write that was acknowledged before it was sent."""
    expect_equal([str(each) for each in load.stale], [], "stale reads")


@verifies("LOA-007")
def test_aliases_and_versions_are_linearizable(in_order: InOrder) -> None:
    """The history of each alias and of each model's versions is linearizable."""
    expect_equal(in_order.illegal, (), "histories that are not linearizable")
