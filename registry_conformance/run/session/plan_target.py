"""A plan as the target instead of a deployment; nothing is started, no request is sent."""

from __future__ import annotations

import pytest

from registry_conformance.judge.account.plan.document import PlanError
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.live.account import declared_of
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.target.target import Capability, Target
from registry_conformance.run.session.arguments import only
from registry_conformance.run.session.live_run import environment_of
from registry_conformance.run.settings import Settings

CHECKS = SUITES / "live" / "test_infrastructure.py"


def planned_target(config: pytest.Config, settings: Settings, register: Register) -> Target | None:
    """Return the plan as a target without doors, ``None`` if the run judges none.

    What a named environment declares of its account applies to the plan too. Raises ``EnvironmentFileError`` for an
    unreadable plan, and for checks that a plan cannot answer.
    """
    if settings.plan is None:
        return None
    if not only(config, CHECKS):
        raise EnvironmentFileError(
            f"--plan={config.option.plan}: a plan is judged by suites/live/test_infrastructure.py alone"
        )
    if settings.faults:
        raise EnvironmentFileError(f"--fault={settings.faults[0]}: faults need a local stack")
    declared = None
    if settings.env:
        environment = environment_of(settings, register)
        declared = declared_of(environment)
        if declared is None:
            raise EnvironmentFileError(
                f"{environment.at('infrastructure')} is missing; a plan is judged by what it declares"
            )
    account = PlannedAccount(settings.plan, declared)
    try:
        planned(account)
    except PlanError as problem:
        raise EnvironmentFileError(f"--plan={config.option.plan}: {problem}") from None
    return Target(
        name=f"the plan {settings.plan.name}",
        kind="plan",
        doors=(),
        keys={},
        account=account,
        capabilities={"infrastructure": Capability(True)},
    )
