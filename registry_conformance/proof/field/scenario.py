"""A scenario: a third-party deployment, and what must be reported on it."""

from __future__ import annotations

from dataclasses import dataclass

from registry_conformance.lab.deployment import REFERENCE, Deployment
from registry_conformance.lab.external.mlflow_command import MlflowCommand
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.proof.field.whole import Judged


@dataclass(frozen=True, slots=True)
class FieldScenario:
    """A proxy of others before a deployment, or MLflow started as people start it, and what is right to say.

    ``registers`` is whether a model can be registered there. ``healthy`` is whether the doctor finds nothing wrong;
    ``named`` are texts of which one must stand in what is said first of a broken one, in small letters.
    ``promises_key`` is whether it is asked about by an environment's file, which says that a key is asked for, and
    takes a new token where one ends. ``declared`` are further lines of that file. ``role`` is whose credential is
    given.
    """

    name: str
    neighbour: Neighbour
    registers: bool = True
    named: tuple[str, ...] = ()
    deployment: Deployment = REFERENCE
    command: MlflowCommand | None = None
    promises_key: bool = False
    declared: tuple[str, ...] = ()
    role: str = "writer"

    @property
    def healthy(self) -> bool:
        """Whether the deployment is healthy."""
        return not self.named


@dataclass(frozen=True, slots=True)
class ReportedResult:
    """What was said of a scenario: how doctor and registration ended, and the first cause that each named.

    ``whole`` is what a visit by every check came to, ``None`` if there was none.
    """

    doctor: int
    doctor_cause: str
    registration: int
    registration_cause: str
    problem: str = ""
    whole: Judged | None = None


def wrong(scenario: FieldScenario, said: ReportedResult) -> list[str]:
    """Return what is wrong with the report on a scenario, empty if nothing is."""
    if said.problem:
        return [said.problem]
    found = []
    if (said.registration == 0) != scenario.registers:
        found.append(
            f"the registration ended with {said.registration}, a model can{'' if scenario.registers else 'not'} be"
        )
    causes = (said.doctor_cause, said.registration_cause)
    if scenario.healthy:
        found += [f"a cause is named: {cause}" for cause in causes if cause]
        if said.doctor != 0:
            found.append(f"the doctor ended with {said.doctor}, nothing is wrong there")
        return found + (said.whole.mistakes if said.whole else [])
    for who, cause in (("doctor", said.doctor_cause), ("registration", said.registration_cause)):
        asked = who == "doctor" or not scenario.registers
        if asked and not any(text in cause.lower() for text in scenario.named):
            found.append(f"the {who} names {cause or 'nothing'}, not {' or '.join(scenario.named)}")
    return found
