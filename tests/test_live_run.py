"""When a live run ends before its time: if nobody answers any more at a door that worked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from registry_conformance.judge.clients import mlflow_http
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.run.session.live_run import LiveRun


@dataclass
class _Doors:
    """A guard that knows which doors say nothing; ``asked`` are the doors that were asked since."""

    silent: set[str]
    asked: list[str] = field(default_factory=list)
    over: str = ""
    run: str = "run"
    patience: int = 2

    def silence(self, door: str) -> int:
        """Two requests in a row had no answer there."""
        return 2 if door in self.silent else 0


def _live(guard: _Doors, *, broken: str) -> LiveRun:
    """Return a run at two doors, of which the second is known to be broken, or is not."""
    doors = (Door("main", "http://main.example"), Door("other", "http://other.example", broken=broken))
    live = LiveRun.__new__(LiveRun)
    live._guard = cast("Guard", guard)
    live.target = Target("x", "live", doors, {})
    return live


@pytest.mark.parametrize(
    ("silent", "broken", "ends", "asked"),
    [
        (set(), "", False, []),
        ({"other"}, "it says nothing", False, []),
        ({"other"}, "", False, ["main", "main"]),
        ({"main"}, "it says nothing", True, []),
        ({"main", "other"}, "", True, []),
    ],
)
def test_run_ends_where_no_door_answers_that_worked(
    silent: set[str], broken: str, *, ends: bool, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door that is known to be broken neither keeps a run going nor has others asked each time."""
    guard = _Doors(silent)

    def health(wire: mlflow_http.MlflowHttp) -> Exchange:
        guard.asked.append(wire.door.name)
        return Exchange("GET", "/health", wire.door.name, 200)

    monkeypatch.setattr(mlflow_http.MlflowHttp, "health", health)
    assert bool(_live(guard, broken=broken).given_up()) is ends
    assert guard.asked == asked
