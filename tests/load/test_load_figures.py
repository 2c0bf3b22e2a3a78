"""Figures of a load: what they say, and what they leave to chance."""

from __future__ import annotations

import pytest

from registry_conformance.judge.load.figures import median_within


@pytest.mark.parametrize(("size", "most"), [(30, 0.55), (300, 0.16), (3000, 0.05)])
def test_a_median_is_known_within_bounds_that_shrink(size: int, most: float) -> None:
    """More requests say more of a median; a few dozen leave room for chance."""
    low, high = median_within([n / size for n in range(size)])

    assert low < 0.5 < high
    assert high - low < most


def test_equal_values_leave_no_room() -> None:
    """A median of what never differs is that."""
    assert median_within([1.0] * 30) == (1.0, 1.0)
