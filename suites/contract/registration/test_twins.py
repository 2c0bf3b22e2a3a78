"""The registry behaves the same through the door and at the origin, whatever is asked of it."""

from __future__ import annotations

from fixtures.checks import Run, Twins, Unique, one_door
from fixtures.clients.wire import Wire
from fixtures.requirement import verifies

pytestmark = one_door


@verifies("REG-050")
def test_random_operations_mean_the_same_at_the_door(
    door: Wire, origin: Wire, run: Run, unique: Unique, compare_registries: Twins
) -> None:
    """Random registry operations answer and act at the door as at the origin."""
    compared = compare_registries(door, origin, unique("twins"), f"{run.location}/m", run.id)

    assert compared >= 50, compared
