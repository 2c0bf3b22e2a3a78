"""A scenario of a rehearsal: an environment, and the expected result of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from registry_conformance.judge.target.target import Target
from registry_conformance.lab.deployment import REFERENCE, Deployment
from registry_conformance.proof.rehearsal.external_environment import TRUE, EnvironmentChanges
from registry_conformance.run.session.exit_codes import Exit

REAL = "suites/live/test_real_registration.py"
REACH = "suites/contract/reach"
FLOW = "suites/contract/registration/test_flow.py"
WAYS = "suites/contract/artifacts/test_ways.py"
KEYS = "suites/contract/authentication"
NO_KEY = f"{KEYS}/test_no_key.py"
RIGHTS = "suites/contract/authorization"
LOAD = "suites/load"
AT_EACH_DOOR = f"{RIGHTS}/test_policy.py::test_right_is_asked_for_at_each_door"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One environment: what is deployed, its ``faults``, how its file differs, which checks look by which options.

    The run must end with ``exit_code``, and ``said`` must stand in what it prints; ``cause`` is the id of the first
    cause, empty if none is asked for. ``leaves`` is whether something stays behind that the janitor then finds,
    ``blind`` whether nobody may look for old versions of deleted objects, so that they stay until the bucket's rules
    remove them; ``cloud`` whether MLflow's log is in CloudWatch Logs; ``shared`` whether another MLflow stores files in
    the folders of the experiments that the run makes. A ``long`` one is played only if its name is asked for. Whatever
    happens, in the end the target holds what it held before.
    """

    name: str
    exit_code: Exit
    said: str
    changes: Callable[[Target], EnvironmentChanges] = lambda _: TRUE
    deployment: Deployment = REFERENCE
    faults: tuple[str, ...] = ()
    checks: tuple[str, ...] = (REAL,)
    options: tuple[str, ...] = ()
    cause: str = ""
    leaves: bool = False
    blind: bool = False
    cloud: bool = False
    shared: bool = False
    long: bool = False


def expected(reason: str, days: int, *requirements: str) -> tuple[Mapping[str, Any], ...]:
    """Return expected failures of requirements, valid for this many days."""
    until = datetime.now(UTC).date() + timedelta(days=days)
    return tuple({"requirement": name, "reason": reason, "expires": until} for name in requirements)
