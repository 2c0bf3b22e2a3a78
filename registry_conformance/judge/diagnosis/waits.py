"""How long answers are waited for at each place: by how busy this machine is, and how soon they came there so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from registry_conformance.judge.diagnosis.budget import Machine
from registry_conformance.judge.evidence.exchange import Exchange

PATIENCE = 3.0
"""Seconds that one probe waits for a sign of life, on a machine that has time for it."""
LONGEST = 30.0
"""Seconds that a wait may become on a busy machine, or at a slow place: clients of MLflow wait for two minutes."""
ENOUGH = 3
"""So many time-outs of one kind of request at one place, and no more of the kind are sent there."""
_SILENCE = 1.0
"""Seconds from which a silence is the target's, on a machine that has time; on a busy one it is as much longer."""
_AS_THE_SLOWEST = 10
"""So many times as long as the slowest answer so far is waited for at a place.

Six probes ask at once, and a server that answers one request after the other makes the last wait for all others.
"""
_FARTHEST = 0.5


@dataclass
class Waits:
    """What is known of a place (``P``, ``O``) is learnt as its answers come in; threads may use it.

    ``floor`` and ``slowest`` are the fastest and the slowest answer at each place, in seconds; ``late`` counts the
    time-outs of each kind of request at a place.
    """

    machine: Machine
    floor: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    late: Counter[str] = field(default_factory=Counter)

    def took(self, place: str, seconds: float) -> None:
        """Take in how long an answer took at a place."""
        self.floor[place] = min(self.floor.get(place, seconds), seconds)
        self.slowest[place] = max(self.slowest.get(place, seconds), seconds)

    def seconds(self, place: str, patience: float) -> float:
        """Return how long an answer is waited for: longer on a busy machine, and where answers are slow."""
        longer = max(patience * self.slack, _AS_THE_SLOWEST * self.slowest.get(place, 0.0))
        return max(patience, min(longer, LONGEST))

    def timed_out(self, place: str, kind: str) -> None:
        """Take in that a request of a kind was not answered at a place."""
        self.late[f"{place} {kind}"] += 1

    def given_up(self, place: str, kind: str) -> bool:
        """Return whether no more requests of a kind are sent to a place, since those before timed out."""
        return self.late[f"{place} {kind}"] >= ENOUGH

    def any_late(self, place: str) -> bool:
        """Return whether anything timed out at a place."""
        return any(kind.startswith(f"{place} ") for kind in self.late)

    def is_silence(self, seconds: float) -> bool:
        """Return whether so long a wait without an answer is the target's silence, and not this machine's delay."""
        return seconds >= _SILENCE * self.slack

    def distance(self, place: str, exchange: Exchange) -> float:
        """Return how many seconds of an exchange are the way there and back: no part of the deployment is slow by it.

        Before a door it is what the fastest answer of all took; half a second is more than any way is long.
        """
        if place == "P":
            return min(self.floor.get(place, 0.0), _FARTHEST)
        return min(2 * exchange.moments[0], _FARTHEST) if exchange.moments else 0.0

    @property
    def stretch(self) -> float:
        """How many times as long as its processor time work takes on this machine now."""
        return self.machine.stretch

    @property
    def slack(self) -> float:
        """By how much waits are longer here than on a machine that has time: from 1 to 10."""
        return min(10.0, self.stretch)
