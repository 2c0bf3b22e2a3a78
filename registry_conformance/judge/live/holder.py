"""Asks MLflow what exists on a target: at the origin if accessible, else through every door."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.clients.throttling import Patience
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.evidence.sign_in import goal_of
from registry_conformance.judge.live import presence
from registry_conformance.judge.live.extent import RemovalGuard
from registry_conformance.judge.live.presence import Observation, State
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.waiting import ENDLESS, awaited

Ask = Callable[[MlflowHttp], Observation]
PAUSES = (0.0, 0.3, 1.0, 2.0)
"""Seconds before each round of questions: what has just been removed may still be seen for a moment."""
_LEAST = 2
"""How often at least a question is repeated, each time on a new connection: a door may have several servers."""
_OFTEN = 8
"""How often a question is repeated to detect servers behind a door that do not share a database."""
_PATIENCE = 120.0
"""Seconds in all that a clean-up waits for a throttling target."""
_DEAD = 2
"""Consecutive requests without a response after which a door is skipped."""
_TELLING = frozenset({State.THERE, State.DELETED, State.GONE})
"""What is said of an object that is the same for every user."""
_FOR_A_MOMENT = frozenset({502, 503, 504})
_MOVED = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
"""Redirects that keep method and body."""
_AGAIN, _GAP = 6, 0.2
"""Statuses of a gateway that may pass, how often what ended with one is repeated, and the seconds between."""


@dataclass(slots=True)
class Holder:
    """Sends MLflow questions and deletions, through the doors and at the origin, under the guard of a clean-up."""

    target: Target
    guard: RemovalGuard
    _silent: Counter[str] = field(init=False)
    _failing: Counter[str] = field(default_factory=Counter)
    _known: dict[str, bool] = field(default_factory=dict)
    _patience: Patience = field(default_factory=lambda: Patience(_PATIENCE))

    def __post_init__(self) -> None:
        """Where every door is known to be broken, give each one chance to answer."""
        self._silent = Counter({door.name: _DEAD - 1 for door in self.target.doors if door.broken})

    def send(self, method: str, path: str, *, where: Ask | None = None, **request: Any) -> Exchange:
        """Send a deletion to one door after the other until one answers as MLflow does; return the last response.

        With ``where`` it is sent only to a place that itself says that the object is there: servers with a database
        each may have another object under the same id.
        """
        met = Exchange(method, path, "", None, error="nobody answers at any door")
        for wire in self._places():
            if where is not None and where(wire).state is not State.THERE:
                continue
            met = self._ask(wire, method, path, **request)
            if met.ok or met.error_code:
                break
        return met

    def ask(self, wire: MlflowHttp, method: str, path: str, **request: Any) -> Exchange:
        """Send a question to one place; a place that does not answer is soon skipped."""
        return self._ask(wire, method, path, **request)

    def agreed(self, ask: Ask) -> Observation:
        """Return what all places say about an object; unknown if they disagree."""
        sights: list[Observation] = []
        for pause in PAUSES:
            time.sleep(pause)
            sights = self._round(ask)
            states = {sight.state for sight in sights}
            if len(states) < 2:
                return sights[0]
        said = "; ".join(dict.fromkeys(sight.said for sight in sights))
        return Observation(State.UNKNOWN, f"the answers do not agree: {said}")

    def is_mlflow(self, wire: MlflowHttp) -> bool:
        """Return whether MLflow answers at a place; each is tested once."""
        place = wire.door.url
        if place not in self._known:
            name = f"{self.guard.run}-nobody"
            met = self.ask(wire, "GET", f"{REST}/registered-models/get", query={"name": name})
            self._known[place] = presence.is_mlflow(met, name)
        return self._known[place]

    def parted(self, ask: Ask) -> str:
        """Return where servers answer that do not share a database, empty if that is not seen.

        They may stand behind one door, behind several, or behind a door and at what is declared as its origin.
        """
        for wire in self._places():
            seen = Counter(ask(wire).state for _ in range(_OFTEN))
            if len({*seen} - {State.UNKNOWN}) > 1:
                counted = ", ".join(f"{state.value} {count} times" for state, count in seen.items())
                return (
                    f"several servers answer at the door {wire.door.name} that do not share a database:"
                    f" asked {_OFTEN} times for one thing, it is {counted}"
                )
        return self._apart(ask)

    def _apart(self, ask: Ask) -> str:
        """Return which places do not share a database, empty if all that can tell agree."""
        told: dict[str, State] = {}
        for pause in PAUSES:
            time.sleep(pause)
            told = {wire.door.name: state for wire in self._places() if (state := ask(wire).state) in _TELLING}
            if len({*told.values()}) < 2:
                return ""
        places = ", ".join(f"{state.value} at {name}" for name, state in told.items())
        return f"the servers of the declared places do not share a database: one thing is {places}"

    def _round(self, ask: Ask) -> list[Observation]:
        """Return the answers of all places, of the origin only if it can tell; else why nobody could."""
        for places in (self._origin(), self._doors()):
            asked = places * _LEAST if len(places) < _LEAST else places
            sights = [ask(wire) for wire in asked]
            if telling := [sight for sight in sights if sight.state is not State.UNKNOWN]:
                return telling
        return sights or [Observation(State.UNKNOWN, "nobody answers at any door")]

    def _ask(self, wire: MlflowHttp, method: str, path: str, **request: Any) -> Exchange:
        name = wire.door.name
        if self._silent[name] >= _DEAD:
            return Exchange(method, f"{wire.door.url}{path}", name, None, error="refused: nobody answered before")

        def send() -> Exchange:
            return self._patience.ask(lambda: wire.send(method, path, **request))

        met = self._repeated(name, send)
        if base := _moved(wire.door.url, path, met):
            wire = replace(wire, door=replace(wire.door, url=base))
            met = self._repeated(name, send)
        self._silent[name] = self._silent[name] + 1 if met.status is None else 0
        return met

    def _repeated(self, name: str, send: Callable[[], Exchange]) -> Exchange:
        """Send a request, again if a gateway fails for a moment: one of several servers behind it may be down.

        A door where every repetition failed, of several requests in a row, is believed.
        """
        met = send()
        if met.status not in _FOR_A_MOMENT or self._failing[name] >= _DEAD:
            return met
        asked = count(1)

        def enough(met: Exchange) -> bool:
            return met.status not in _FOR_A_MOMENT or next(asked) >= _AGAIN

        met = awaited(send, ENDLESS, enough=enough, pause=_GAP)
        self._failing[name] = self._failing[name] + 1 if met.status in _FOR_A_MOMENT else 0
        return met

    def _places(self) -> list[MlflowHttp]:
        return [*self._doors(), *self._origin()]

    def _doors(self) -> list[MlflowHttp]:
        """Return the doors that a run may have created something at; a broken one only where all are."""
        return [self._at(door, self.target.key_at(door)) for door in self.target.working_doors]

    def _origin(self) -> list[MlflowHttp]:
        return [self._at(self.target.origin, None)] if self.target.origin else []

    def _at(self, door: Door, key: Credential | None) -> MlflowHttp:
        return MlflowHttp(replace(door, guard=self.guard, direct=False), key, Evidence(), self.guard.run)


def _moved(url: str, path: str, met: Exchange) -> str:
    """Return the address to which a door hands on a request as it is, empty if it does not, or to another origin."""
    goal = goal_of(met) if met.status in _MOVED else None
    here = urlsplit(url)
    if goal is None or (goal.scheme, goal.netloc) != (here.scheme, here.netloc) or not goal.path.endswith(path):
        return ""
    return goal._replace(path=goal.path.removesuffix(path), query="", fragment="").geturl()
