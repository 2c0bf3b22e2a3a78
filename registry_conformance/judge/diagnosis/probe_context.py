"""What the probes stand on: the target, the table they fill, their budget, and who asks with which key."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.http_sender import HttpSender, client_agent
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.clients.signing import certificate_of
from registry_conformance.judge.diagnosis.asker import PLACES, Asker, NotAsked, patient
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.key_use import KeyUse
from registry_conformance.judge.diagnosis.pacing import Pacing
from registry_conformance.judge.diagnosis.repetition import Repetition
from registry_conformance.judge.diagnosis.waits import PATIENCE, Waits
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.credential import Credential, Password, kind_of
from registry_conformance.judge.target.policy import GUARDED, READS, ROLES
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.target.workspace import GIVEN_ID, served_folder
from registry_conformance.judge.waiting import awaited

T = TypeVar("T")
_ABSENT = "no-such-experiment"


@dataclass
class ProbeContext:
    """One run of the probes: ``name`` is new each time, ``budget`` bounds it.

    ``main`` is the door that is looked at closely: the first that serves metadata. ``dead`` are the places where nobody
    answers, ``waits`` how long answers are waited for. ``repetition`` asks again what failed, ``pacing`` keeps to a
    limit of requests at the door, ``key_use`` keeps how long the writer's credential was let in.
    """

    target: Target
    run: str
    facts: Facts
    budget: Budget
    main: Door
    name: str = field(init=False)
    waits: Waits = field(init=False)
    pacing: Pacing = field(init=False)
    dead: set[str] = field(default_factory=set)
    repetition: Repetition = field(default_factory=Repetition)
    key_use: KeyUse = field(default_factory=KeyUse)
    _folder: str = ""
    _experiment: str = ""
    _choosing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.name = f"{self.run}-{secrets.token_hex(4)}"
        self.waits = Waits(self.budget.machine)
        self.pacing = Pacing(self.budget)

    @property
    def folder(self) -> str:
        """The path, below the root of all artifacts, under which probes upload; the same each time.

        It lies in an experiment of this run, in the folder of a run there, as the uploads of clients do: MLflow's own
        permissions let an ordinary user write nowhere else, and a store's may know these names alone. It is a folder of
        its own where no experiment can be made, or its files lie elsewhere.
        """
        with self._choosing:  # probes run in several threads
            self._folder = self._folder or self._chosen_folder()
            return self._folder

    @property
    def experiment(self) -> str:
        """The id of an experiment of this run, or where none can be made one that no experiment has.

        What names no experiment would go into MLflow's default one, which is somebody else's.
        """
        return self._experiment if self.folder and self._experiment else _ABSENT

    def _chosen_folder(self) -> str:
        asker = self.at("P")
        if asker.only_reads or self.waits.any_late("P"):
            return self.name
        try:
            made = asker.send("POST", f"{REST}/experiments/create", json={"name": f"{self.name}-files"})
            self._experiment = own_id = str(made.at("experiment_id") or "") if made.ok else ""
            query = {"experiment_id": own_id}
            found = asker.send("GET", f"{REST}/experiments/get", query=query) if own_id else made
            scheme, _, path = str(found.at("experiment", "artifact_location") or "").partition(":/")
            at_this_server = scheme == "mlflow-artifacts" and not path.startswith("/")
            served = bool(own_id) and at_this_server
            folder = served_folder(path, own_id, self.target.workspace) if served else ""
            return f"{folder}/{self._run_in(asker, own_id)}{self.name}" if folder else self.name
        except NotAsked:
            return self.name

    @staticmethod
    def _run_in(asker: Asker, own_id: str) -> str:
        """Return the folder of a new run in an experiment, empty if none can be made."""
        made = asker.send("POST", f"{REST}/runs/create", json={"experiment_id": own_id, "start_time": 0})
        run = str(made.at("run", "info", "run_id") or "") if made.ok else ""
        return f"{run}/artifacts/" if GIVEN_ID.fullmatch(run) else ""

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
        sender = HttpSender(reached, key, Evidence(), self.run, agent=client_agent(self.run))
        return Asker(self, place, patient(sender, self.waits.seconds(place, asked)), reason, asked, role or "nobody")

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
        return awaited(look, seconds * self.waits.slack, enough=until)

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
