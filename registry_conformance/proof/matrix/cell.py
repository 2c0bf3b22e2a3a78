"""One cell of the matrix: a deployment, a client, and the result of a registration or of a whole suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from registry_conformance.judge.incompatibility import Incompatibility, between

YES, NO, UNKNOWN = "yes", "no", "not known"
"""Whether a model can be registered, or every requirement is kept: proved, refuted, or neither."""
REGISTRATION, SUITE = "registration", "suite"
"""What a cell runs: one real registration, or all checks of ``suites/local``."""
KINDS = (REGISTRATION, SUITE)
_OF_SUITES = {YES: "green", NO: "red", UNKNOWN: "could not verify"}


@dataclass(frozen=True, slots=True, order=True)
class Stage:
    """The deployment of a cell: versions and names of its parts, as in the options."""

    server: str
    backend: str = "sqlite"
    store: str = "moto"
    proxy: str = "envoy"

    def __str__(self) -> str:
        return f"MLflow {self.server}, {self.backend}, {self.store}, {self.proxy}"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A deployment, the version of the client that registers a model there, and what is run: one of ``KINDS``."""

    stage: Stage
    client: str
    kind: str = REGISTRATION

    def __str__(self) -> str:
        return f"{self.stage}, " + ("whole suite" if self.kind == SUITE else f"client {self.client}")

    @property
    def name(self) -> str:
        """Its name, usable as a folder name."""
        stage = self.stage
        parts = (stage.server, f"client-{self.client}", stage.backend, stage.store, stage.proxy.replace(":", "-"))
        return "-".join(parts) + "-suite" * (self.kind == SUITE)

    @property
    def start(self) -> tuple[Stage, str]:
        """What is started for it: registrations of one stage share a deployment, a whole suite has its own."""
        return self.stage, self.kind

    @property
    def incompatibility(self) -> Incompatibility | None:
        """The known upstream reason why this client cannot use this server and store, ``None`` if there is none."""
        return between(self.stage.server, self.client, self.stage.store)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell.

    ``answer`` is one of ``YES``, ``NO``, ``UNKNOWN``; ``why`` the step that failed and how, or what kept it from being
    tried. ``versions`` are the parts as they named themselves, ``run`` is the run whose report is kept, ``seconds``
    how long the registration took, the start of the deployment not counted, or the whole suite with it. ``verified`` is
    how many requirements a whole suite verified.
    """

    cell: Cell
    answer: str
    why: str = ""
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    verified: str = ""

    @property
    def word(self) -> str:
        """The answer as it is told: a registration's yes or no, a suite's green or red."""
        return _OF_SUITES[self.answer] if self.cell.kind == SUITE else self.answer

    @property
    def is_explained(self) -> bool:
        """Whether the result is as expected: a yes, or a no with a known upstream reason."""
        if self.answer == YES:
            return self.cell.incompatibility is None
        return self.answer == NO and self.cell.incompatibility is not None

    def document(self) -> dict[str, Any]:
        """Return it as a JSON-able value."""
        about = {name: value for name, value in asdict(self).items() if name != "cell"}
        cell = {**asdict(self.cell.stage), "client": self.cell.client, "kind": self.cell.kind}
        return {**cell, **about, "seconds": round(self.seconds, 1)}

    @classmethod
    def of_document(cls, raw: Mapping[str, Any]) -> Outcome:
        """Return what ``document`` returned; raise ``KeyError`` or ``TypeError`` for anything else."""
        stage = Stage(*(str(raw[name]) for name in ("server", "backend", "store", "proxy")))
        told = {name: raw[name] for name in ("answer", "why", "seconds", "versions", "run")}
        kind, verified = str(raw.get("kind", REGISTRATION)), str(raw.get("verified", ""))
        return cls(Cell(stage, str(raw["client"]), kind), **told, verified=verified)
