"""The load that a run requests: what the checks of ``suites/load`` judge, and what the report says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from registry_conformance.judge.load.document import document
from registry_conformance.judge.load.load_run import LoadContext, load
from registry_conformance.judge.load.outcome import LoadOutcome, concluded
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.judge.waiting import ENDLESS, awaited
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.faults.catalogue import broken
from registry_conformance.run.session.context import CONTEXT, Context
from registry_conformance.run.session.uncaptured import uncaptured
from registry_conformance.run.settings import Settings

OUTCOME: pytest.StashKey[LoadOutcome] = pytest.StashKey()
"""The load of this run, once it is over."""
_LOOK = 0.05
"""Seconds between two looks at whether a part that was killed is dead."""
LOAD: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
"""What the report says of the load, once it is over."""


def plan_of(settings: Settings) -> LoadPlan:
    """Return the load plan of a run."""
    return LoadPlan.parse(settings.load)


@pytest.fixture(scope="session")
def make_load(pytestconfig: pytest.Config, target: Target) -> Callable[[], LoadOutcome]:
    """Runs the requested load on the target and verifies it; without a plan the check is inapplicable."""
    context = pytestconfig.stash[CONTEXT]
    if not context.settings.load:
        pytest.skip("a load is only put on a target by `registry-conformance load`")

    def make() -> LoadOutcome:
        plan, run = plan_of(context.settings), context.settings.run_id
        say = uncaptured(pytestconfig)
        say(f"load: {plan}")
        with temporary_folder(f"{run}-load-") as folder:
            happened = load(target, plan, _surroundings(context, folder, run, say))
        outcome = concluded(target, happened, run, say)
        pytestconfig.stash[OUTCOME] = outcome
        pytestconfig.stash[LOAD] = document(outcome)
        return outcome

    return make


@pytest.fixture(scope="session")
def cache_seconds(pytestconfig: pytest.Config) -> float:
    """The cache lifetime of the auth service on a local stack under load."""
    del pytestconfig
    return REFERENCE.auth.cache


def _surroundings(context: Context, folder: Any, run: str, say: Callable[[str], None]) -> LoadContext:
    if context.given is not None:
        return LoadContext(folder, run, say=say)
    stack, deployment = context.stack, broken(REFERENCE, context.settings.faults)

    def kill(part: str) -> None:
        import signal  # noqa: PLC0415 - only who kills needs it

        stack.signal(part, signal.SIGKILL)
        say(f"killed: {part}")
        awaited(stack.death_reports, ENDLESS, pause=_LOOK)  # a part is restarted only if it is known to be dead
        stack.apply(deployment)
        say(f"started again: {part}")

    return LoadContext(folder, run, stack.processes, kill, say)
