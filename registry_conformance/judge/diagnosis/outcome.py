"""What a look at a target comes to: healthy, ill, or not to be told; and how a model's registration goes there."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from registry_conformance.judge.diagnosis.diagnosis import Diagnosis
from registry_conformance.judge.diagnosis.facts import Fact, Facts


class Health(enum.Enum):
    """What a look comes to.

    If several fit, the first of these wins: what was seen to be wrong stays wrong whatever else could be seen; of a
    target at which nobody answered, or of which something was not asked, nothing good can be said. Of exit codes the
    order is 4 (what was given cannot be used), 1 (ill), 6 (not to be told), 7 (well, and something was left behind), 0.
    """

    ILL = "ill"
    UNREACHABLE = "unreachable"
    COULD_NOT_TELL = "could not tell"
    HEALTHY = "healthy"

    @property
    def exit_code(self) -> int:
        """The doctor's exit code."""
        return _EXIT_CODES[self]


_EXIT_CODES = {Health.ILL: 1, Health.UNREACHABLE: 6, Health.COULD_NOT_TELL: 6, Health.HEALTHY: 0}

LEFT_BEHIND = 7
"""The exit code of a target that is well, and on which something was left behind, or is not known to be gone."""
USAGE = 4
"""The exit code of an address or an option that cannot be used; nothing is asked then."""


def health(diagnosis: Diagnosis) -> Health:
    """Return what a diagnosis comes to."""
    facts = diagnosis.facts
    if unanswered(diagnosis):
        return Health.UNREACHABLE
    if diagnosis.causes or facts.anomalies:
        return Health.ILL
    return Health.COULD_NOT_TELL if facts.missed else Health.HEALTHY


def unanswered(diagnosis: Diagnosis) -> bool:
    """Return whether nobody answered at any door."""
    facts = diagnosis.facts
    if facts.value("first.end.P") in _SILENT_ENDS:
        return True
    line = facts.value("reach.line.P")
    if not line:
        return False
    answers = facts.value("doors.search.P") + facts.value("doors.health.P")
    return "open" not in line or (bool(answers) and not re.search(r"[2345]\d\d", answers))


_SILENT_ENDS = ("door-name-unknown", "door-port-closed", "door-silent")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a registration: what is done, in words, and the fact that says whether it works."""

    words: str
    fact: str


STEPS = (
    Step("the search for an experiment", "doors.search.P"),
    Step("the creation of an experiment", "meta.create.P"),
    Step("the place of its artifacts, which no server of MLflow's serves", "location.P"),
    Step("the creation of a run", "meta.run.P"),
    Step("the upload", "put.P"),
    Step("the listing of what was uploaded", "list.P"),
    Step("the download", "get.P"),
    Step("the creation of a logged model", "meta.logged.P"),
    Step("the upload of a large file", "ladder.put.P"),
    Step("the creation of a registered model", "meta.model.P"),
    Step("the creation of a version", "meta.version.P"),
)
"""The steps of a registration, in their order."""


def stops_at(facts: Facts) -> tuple[Step, Fact] | None:
    """Return the first step of a registration that does not work, nothing if none was seen to fail."""
    for step in STEPS:
        fact = facts.get(step.fact)
        if fact is not None and fact.seen and not fact.normal:
            return step, fact
    return None


def unseen_steps(facts: Facts) -> tuple[Step, ...]:
    """Return the steps of a registration that were not seen."""
    return tuple(step for step in STEPS if not facts.value(step.fact))
