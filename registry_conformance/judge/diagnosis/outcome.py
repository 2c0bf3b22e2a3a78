"""What a look at a target comes to: healthy, ill, or not to be told; and how a model's registration goes there."""

from __future__ import annotations

import enum
import re

from registry_conformance.judge.diagnosis.diagnosis import Diagnosis


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
