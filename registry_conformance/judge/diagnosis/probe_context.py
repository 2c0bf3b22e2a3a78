"""What the probes stand on: the target, the table they fill, their budget, and clients that lose patience soon."""

from __future__ import annotations

import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.http_sender import HttpSender, client_agent
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.clients.signing import certificate_of
from registry_conformance.judge.diagnosis.answer_judges import Judge, how_it_came
from registry_conformance.judge.diagnosis.budget import Budget, Machine
from registry_conformance.judge.diagnosis.facts import Facts, Missed
from registry_conformance.judge.diagnosis.repetition import Repetition, passing
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.credential import Credential, Password, kind_of
from registry_conformance.judge.target.policy import GUARDED, READS, ROLES
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.waiting import awaited

PATIENCE = 3.0
"""Seconds that one probe waits for a sign of life, on a machine that has time for it."""
_SILENCE = 1.0
"""Seconds from which a silence is the target's, on a machine that has time; on a busy one it is as much longer."""
ENOUGH = 3
"""So many time-outs of one kind of request at one place, and no more of the kind are sent there."""
MAY_BE_LATE = frozenset({401, 403, 404})
"""What is said of something that is not there yet, or not for this client yet."""
_AS_THE_SLOWEST = 10
"""So many times as long as the slowest answer so far is waited for at a place.

Six probes ask at once, and a server that answers one request after the other makes the last wait for all others.
"""
_TO_READ = 3.0
"""Seconds more that a whole exchange may take than the wait for an answer."""
LONGEST = 30.0
"""Seconds that a wait may become on a busy machine, or at a slow place: clients of MLflow wait for two minutes."""
_FARTHEST = 0.5
_NOTHING_MADE = "read-only: this run made nothing that could be asked for"
PLACES = {"P": "through the proxy", "O": "straight to MLflow", "K": "at the key service"}

T = TypeVar("T")


class NotAsked(Exception):  # noqa: N818 - no error: a probe ends here, and says what it leaves unasked
    """A probe may ask nothing more; the message says why."""


@dataclass
class ProbeContext:
    """One run of the probes: ``name`` is new each time, ``budget`` bounds it.

    ``main`` is the door that is looked at closely: the first that serves metadata. ``dead`` are the places where nobody
    answers, ``late`` counts time-outs by kind. ``floor`` and ``slowest`` are the fastest and the slowest answer at each
    place, in seconds.
    ``repetition`` asks again what failed.
    """

    target: Target
    run: str
    facts: Facts
    budget: Budget
    main: Door
    name: str = field(init=False)
    dead: set[str] = field(default_factory=set)
    late: Counter[str] = field(default_factory=Counter)
    floor: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    repetition: Repetition = field(default_factory=Repetition)
    _folder: str = ""
    _choosing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.name = f"{self.run}-{secrets.token_hex(4)}"

    @property
    def folder(self) -> str:
        """The path, below the root of all artifacts, under which probes upload; the same each time.

        It lies in an experiment of this run, as the uploads of clients do: MLflow's own permissions let an ordinary
        user write nowhere else. It is a folder of its own where no experiment can be made, or its files lie elsewhere.
        """
        with self._choosing:  # probes run in several threads
            self._folder = self._folder or self._chosen_folder()
            return self._folder

    def _chosen_folder(self) -> str:
        asker = self.at("P")
        if asker.only_reads or any(kind.startswith("P ") for kind in self.late):
            return self.name
        try:
            made = asker.send("POST", f"{REST}/experiments/create", json={"name": f"{self.name}-files"})
            own_id = str(made.at("experiment_id") or "") if made.ok else ""
            query = {"experiment_id": own_id}
            found = asker.send("GET", f"{REST}/experiments/get", query=query) if own_id else made
        except NotAsked:
            return self.name
        served = found.at("experiment", "artifact_location") == f"mlflow-artifacts:/{own_id}"
        return f"{own_id}/{self.name}" if served else self.name

    def at(
        self, place: str, role: str | None = "writer", patience: float | None = None, door: Door | None = None
    ) -> Asker:
        """Return who asks at a place (``P`` or ``O``) with the key of a role, or with none.

        A ``writer`` is who may do everything there. ``door`` is asked instead of the main one; ``patience`` in seconds
        bounds each wait, on a machine and at a place that are not slow.
        """
        reached = door or (self.main if place == "P" else self.target.origin)
        reason = ""
        if reached is None:
            reason, reached = "the target shows no MLflow past the proxy", self.main
        elif place in self.dead:
            reason = f"nothing answers {PLACES[place]}"
        key = None
        if role is None and place == "P" and certificate_of(self.target.key_at(reached)) is not None:
            reason = reason or "without the client certificate no request is answered there"
        if role and place == "P":
            key = self.target.key_at(reached) if role == "writer" else self.target.keys.get(role)
            reason = reason or self._no_use(role, key, reached)
        asked = PATIENCE if patience is None else patience
        waits = self.waits(place, asked)
        agent = client_agent(self.run)
        bound = replace(reached, patience=waits)
        sender = HttpSender(bound, key, Evidence(), self.run, timeout=waits, deadline=waits + _TO_READ, agent=agent)
        return Asker(self, place, sender, reason, asked)

    def took(self, place: str, seconds: float) -> None:
        """Take in how long an answer took at a place."""
        self.floor[place] = min(self.floor.get(place, seconds), seconds)
        self.slowest[place] = max(self.slowest.get(place, seconds), seconds)

    def waits(self, place: str, patience: float) -> float:
        """Return how many seconds an answer is waited for: longer on a busy machine, and where answers are slow."""
        longer = max(patience * self.slack, _AS_THE_SLOWEST * self.slowest.get(place, 0.0))
        return max(patience, min(longer, LONGEST))

    def distance(self, place: str, exchange: Exchange) -> float:
        """Return how many seconds of an exchange are the way there and back: no part of the deployment is slow by it.

        Before a door it is what the fastest answer of all took; half a second is more than any way is long.
        """
        if place == "P":
            return min(self.floor.get(place, 0.0), _FARTHEST)
        return min(2 * exchange.moments[0], _FARTHEST) if exchange.moments else 0.0

    @property
    def machine(self) -> Machine:
        """The machine that the probes run on."""
        return self.budget.machine

    @property
    def slack(self) -> float:
        """By how much waits are longer here than on a machine that has time: from 1 to 10."""
        return min(10.0, self.machine.stretch)

    def stranger(self, door: Door | None = None) -> Asker:
        """Return who asks without a key what is refused without one; nobody if strangers may do something."""
        asker = self.at("P", None, door=door)
        asker.reason = asker.reason or self._let_in(door or self.main)
        return asker

    def _no_use(self, role: str, key: Credential | None, door: Door) -> str:
        """Return why nothing can be learnt with the key of a role or state at a door, empty where something can."""
        if role == "writer" and door.policy.anonymous >= READS:
            return ""
        if key is None:
            return f"the target has no key of state {role!r}"
        if role not in ROLES:
            return self._let_in(door)
        other = role != "writer" and door.policy.of(role) != GUARDED.of(role)
        return f"the policy {door.policy.name!r} is another than the reference for {role!r}" if other else ""

    @staticmethod
    def _let_in(door: Door) -> str:
        return f"the policy {door.policy.name!r} lets strangers in" if door.policy.anonymous else ""

    def settled(self, look: Callable[[], T], until: Callable[[T], bool], seconds: float = 0.4) -> T:
        """Return what a look shows once ``until`` holds of it, or after so many seconds on a machine that has time."""
        return awaited(look, seconds * self.slack, enough=until)

    @property
    def key(self) -> str:
        """The API key that is good at the main door, empty if there is none, or another credential."""
        key = self.target.key_at(self.main)
        return key if isinstance(key, str) else ""

    @property
    def no_api_key(self) -> str:
        """Why nothing is tried with an API key in a form of its own at the main door, empty if there is one."""
        key = self.target.key_at(self.main)
        return "" if isinstance(key, str) else f"the target was given {kind_of(key)}, which has one form"

    @property
    def hashes_passwords(self) -> bool:
        """Whether the credential at the main door is a user's password.

        Who checks one, as MLflow's basic-auth does, hashes it anew for each request: a tenth of a second of a core.
        """
        return isinstance(self.target.key_at(self.main), Password)

    @property
    def bucket(self) -> Bucket | None:
        """The store's inside, ``None`` if the target does not show it or it does not answer."""
        return Bucket(self.target.bucket, Evidence()) if self.target.bucket and "S" not in self.dead else None

    @property
    def no_bucket(self) -> str:
        """Why nobody looks into the store."""
        return self.target.capability("store").reason or "the target shows no bucket"


@dataclass
class Asker:
    """Asks at one place and tells what came of it; stops if time-outs pile up.

    Raises ``NotAsked`` once the budget is used up, unless it is ``unbounded``, as who cleans up is.
    """

    context: ProbeContext
    place: str
    sender: HttpSender
    reason: str = ""
    patience: float = PATIENCE
    unbounded: bool = False

    def ask(
        self,
        fact: str,
        what: str,
        method: str,
        path: str,
        *,
        normal: str,
        judge: Judge = summarize,
        **request: Any,
    ) -> Exchange:
        """Send a request and tell ``fact`` (its place is added): ``what`` it is in words, what came of it.

        ``normal`` is a regex of what a healthy deployment answers. What is not asked is told as not seen, and its
        exchange has no status.
        """
        name = f"{fact}.{self.place}"
        if self.only_reads and self.context.name in f"{path} {request.get('query', '')}":
            self.context.facts.unseen(name, _NOTHING_MADE)
            return Exchange(method, path, self.sender.door.name, None, error=f"skipped: {_NOTHING_MADE}")
        if reason := self.why_not(_kind(method, path)):
            self.context.facts.unseen(name, reason)
            _end_if_missed(reason)
            return Exchange(method, path, self.sender.door.name, None, error="skipped: not asked")
        exchange = self._asked_again(name, judge, normal, method, path, request)
        if exchange.error.startswith("skipped: "):
            self.context.facts.unseen(name, exchange.error.removeprefix("skipped: "))
            return exchange
        if exchange.error.startswith("timeout") and exchange.seconds < _SILENCE * self.context.slack:
            words = (
                f"{what} was not answered in {exchange.seconds:.0f} s, on a machine that is itself too busy to judge it"
            )
            self.context.facts.unseen(name, Missed(words))
            return exchange
        value = judge(exchange)
        came = "" if self.context.facts.healthy(name, value, normal) else how_it_came(value)
        sentence = f"{what} {PLACES[self.place]}: {exchange}{came}"
        self.context.facts.record(name, value, sentence, normal, (exchange.evidence(),))
        if method == "GET" and exchange.status in MAY_BE_LATE and not self.context.facts[name].normal:
            self.context.repetition.later(lambda: self._late(what, exchange, judge, normal, request))
        return exchange

    def _asked_again(
        self, name: str, judge: Judge, normal: str, method: str, path: str, request: dict[str, Any]
    ) -> Exchange:
        """Return what came of a request; of one that failed, what came of it at last."""
        exchange = self.send(method, path, once=True, **request)

        def good(met: Exchange) -> bool:
            return self.context.facts.healthy(name, judge(met), normal)

        if exchange.error.startswith(("skipped", "timeout")) or good(exchange):
            return exchange
        return self._repeated(method, path, exchange, good, request)

    def _repeated(
        self, method: str, path: str, first: Exchange, good: Callable[[Exchange], bool], request: dict[str, Any]
    ) -> Exchange:
        with self.context.budget.besides():
            return self.context.repetition.repeated(
                self.place, _kind(method, path), first, good, lambda: self._sent(method, path, **request)
            )

    def _late(self, what: str, first: Exchange, judge: Judge, normal: str, request: dict[str, Any]) -> str:
        """Return the sentence that a request which failed works by now, empty if it does not."""
        door = urlsplit(self.sender.door.url).path.rstrip("/")
        now = self.send("GET", urlsplit(first.url).path.removeprefix(door), once=True, **request)
        if now.status is None or not re.fullmatch(normal, judge(now)):
            return ""
        seconds = now.started - first.started
        return f"late: {what} was refused with {first.status}, and works {seconds:.0f} s later: {now}"

    @property
    def only_reads(self) -> bool:
        """Whether nothing may be sent that changes the target, so that nothing of this run is there to be asked for."""
        guard = self.sender.door.guard
        return guard is not None and guard.read_only

    def send(self, method: str, path: str, *, once: bool = False, **request: Any) -> Exchange:
        """Send a request that tells no fact of its own; unless ``once``, again if it fails for a moment."""
        exchange = self._sent(method, path, **request)
        if once or exchange.error.startswith("skipped") or not passing(exchange):
            return exchange
        return self._repeated(method, path, exchange, _went_through, request)

    def _sent(self, method: str, path: str, **request: Any) -> Exchange:
        kind = _kind(method, path)
        if reason := self.why_not(kind):
            _end_if_missed(reason)
            return Exchange(method, path, self.sender.door.name, None, error="skipped: not asked")
        try:
            exchange = self._patient().send(method, path, **request)
        except NotAllowed as refusal:
            return Exchange(method, path, self.sender.door.name, None, error=f"skipped: {refusal.actual}")
        except PreconditionFailed as refusal:
            raise NotAsked(refusal.actual) from refusal
        self.context.repetition.asked(self.place)
        if exchange.status is not None:
            self.context.budget.answered(exchange.seconds)
            self.context.took(self.place, exchange.seconds)
        if exchange.status is None and exchange.error.startswith("timeout"):
            self.context.late[f"{self.place} {kind}"] += 1
        return exchange

    def _patient(self) -> HttpSender:
        """Return the sender, which waits longer where answers have become slow since it was made."""
        waits = self.context.waits(self.place, self.patience)
        if waits <= self.sender.timeout:
            return self.sender
        return replace(
            self.sender, door=replace(self.sender.door, patience=waits), timeout=waits, deadline=waits + _TO_READ
        )

    def why_not(self, kind: str = "") -> str:
        """Return why nothing is asked any more, or nothing of a kind; empty where all is well."""
        if self.reason:
            return self.reason
        if self.context.late[f"{self.place} {kind}"] >= ENOUGH:
            return f"{ENOUGH} requests like it timed out before"
        if self.unbounded or not self.context.budget.over:
            return ""
        return Missed(f"the time for all probes, {self.context.budget.allowed:.0f} s, was over")


def _went_through(met: Exchange) -> bool:
    return not passing(met) and not met.error.startswith("skipped")


def _end_if_missed(reason: str) -> None:
    """End a probe that has no time for what it should ask."""
    if isinstance(reason, Missed):
        raise NotAsked(reason)


def _kind(method: str, path: str) -> str:
    """Return what a request has in common with others that time out when it does."""
    return f"{method} {'artifacts' if 'artifact' in path else 'metadata'}"
