"""A fault: a pure function on the deployment, with its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from registry_conformance.judge.diagnosis.cause import Cause
from registry_conformance.judge.diagnosis.causes import BY_ID
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.faults.symptom import Step


@dataclass(frozen=True, slots=True)
class Fault:
    """One named, reversible defect.

    ``layer`` is where it is broken; ``seen`` is what a client sees. ``cause`` is the id of the cause that is its
    diagnosis, with the remedy: its own name if nothing is said. ``requirements`` are the ids that must fail while it is
    armed, those of its cause if none are named; ``symptoms`` how its effect shows without them. ``incidents`` are the
    rows of the incident list that it reproduces. ``needs`` are capabilities of the target without which it has no
    effect. ``latent`` says why requests show nothing of it by themselves, if so: it waits for an event.
    """

    name: str
    layer: str
    seen: str
    change: Callable[[Deployment], Deployment]
    symptoms: tuple[Step, ...]
    cause: str = ""
    requirements: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    latent: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cause", self.cause or self.name)
        if self.diagnosis and not self.requirements:
            object.__setattr__(self, "requirements", self.diagnosis.requirements)

    @property
    def diagnosis(self) -> Cause | None:
        """The correct cause, ``None`` if the right diagnosis is that none is known."""
        return BY_ID.get(self.cause)
