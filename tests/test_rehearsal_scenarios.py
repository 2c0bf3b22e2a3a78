"""Which scenarios of a rehearsal are played: those that take hours only if they alone are asked for."""

from __future__ import annotations

from registry_conformance.proof.rehearsal.program import _scenarios


def test_long_scenario_is_played_only_if_no_other_has_its_name() -> None:
    """A text that shorter scenarios have in their names too plays those, and no text plays all of them."""
    names = [scenario.name for scenario in _scenarios("a load")]

    assert "a load that its caps end" in names
    assert "a load of 10,000 objects" not in names
    assert [scenario.name for scenario in _scenarios("a load of 10,000")] == ["a load of 10,000 objects"]
    assert not any(scenario.long for scenario in _scenarios(""))
