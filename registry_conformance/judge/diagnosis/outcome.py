"""The result of a diagnosis: healthy, not healthy or unknown, and whether a model can be registered."""

from __future__ import annotations

import enum
import re

from registry_conformance.judge.diagnosis.fact_names import came_late
from registry_conformance.judge.diagnosis.facts import Fact
from registry_conformance.judge.diagnosis.named import UNKNOWN, Diagnosis
from registry_conformance.judge.diagnosis.preflight import KINDS
from registry_conformance.judge.diagnosis.preflight.finding import CLIENT_LIMIT
from registry_conformance.judge.diagnosis.repetition import BRIDGED, PASSING
from registry_conformance.judge.diagnosis.steps import registers


class Health(enum.Enum):
    """What a look comes to.

    If several fit, the first of these wins: what was seen to be wrong stays wrong whatever else could be seen; of a
    target at which nobody answered, or of which something was not asked, nothing good can be said. It is intermittent
    where only such requests fail that the MLflow client repeats by itself, and its registration works. It is slow where
    nothing else is wrong, and neither a known cause nor a comparison shows why: no client fails by that. Of exit codes
    the order is 4 (what was given cannot be used), 1 (ill), 6 (not to be told), 7 (well, but something was left), 0.
    """

    ILL = "ill"
    UNREACHABLE = "unreachable"
    COULD_NOT_TELL = "could not tell"
    INTERMITTENT = "intermittent"
    SLOW = "slow"
    HEALTHY = "healthy"

    @property
    def exit_code(self) -> int:
        """The doctor's exit code."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Health.ILL: 1,
    Health.UNREACHABLE: 6,
    Health.COULD_NOT_TELL: 6,
    Health.INTERMITTENT: 0,
    Health.SLOW: 0,
    Health.HEALTHY: 0,
}

LEFT_BEHIND = 7
"""The exit code of a target that is well, and on which something was left behind, or is not known to be gone."""
USAGE = 4
"""The exit code of an address or an option that cannot be used; nothing is asked then."""


def health(diagnosis: Diagnosis) -> Health:
    """Return the result of a diagnosis."""
    facts = diagnosis.facts
    if unanswered(diagnosis):
        return Health.UNREACHABLE
    if any(cause.id == CLIENT_LIMIT.id for cause in diagnosis.causes):
        return Health.ILL  # others may be served, or slowly: who asked is not
    if facts.value(f"{BRIDGED}.P") and registers(facts) and all(map(_bridged, facts.anomalies)):
        return Health.COULD_NOT_TELL if facts.missed else Health.INTERMITTENT
    if slow(diagnosis):
        return Health.COULD_NOT_TELL if facts.missed else Health.SLOW
    if diagnosis.causes or facts.anomalies:
        return Health.ILL
    return Health.COULD_NOT_TELL if facts.missed else Health.HEALTHY


def slow(diagnosis: Diagnosis) -> bool:
    """Return whether all that was seen to be wrong is that answers are slow, and nothing shows why."""
    known = any(cause.id != UNKNOWN or cause.layer for cause in diagnosis.causes)
    wrong = diagnosis.facts.anomalies
    return bool(wrong) and not known and all(came_late(fact.name, fact.value) for fact in wrong)


def _bridged(fact: Fact) -> bool:
    """Return whether a fact only says that requests fail intermittently, and the MLflow client retries them."""
    if fact.name.startswith(("together.", "held.")):
        return True
    outcomes = set(fact.value.split())
    return fact.name.startswith("repeat.") and "200" in outcomes and outcomes <= _PASSING


def unanswered(diagnosis: Diagnosis) -> bool:
    """Return whether no door answered."""
    facts = diagnosis.facts
    if facts.value("first.end.P") in _SILENT_ENDS:
        return True
    line = facts.value("reach.line.P")
    if not line:
        return False
    answers = facts.value("doors.search.P") + facts.value("doors.health.P")
    return "open" not in line or (bool(answers) and not re.search(r"[2345]\d\d", answers))


_PASSING = frozenset({"200", "None", *map(str, PASSING)})
"""What single requests of many may end with that the client repeats until they succeed."""
_SILENT_ENDS = frozenset(kind.id for kind in KINDS if not kind.answered)
"""What an examination ends with at which nothing of the deployment answered, also where a forward proxy refused."""
