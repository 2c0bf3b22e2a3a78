"""The registry behaves the same through the door and at the origin, whatever is asked of it."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.essentials import Unique
from fixtures.registry import RegistryStateMachine
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("REG-050")
def test_random_operations_mean_the_same_at_the_door(
    door: MlflowHttp, origin: MlflowHttp, run: Run, unique: Unique, compare_registries: RegistryStateMachine
) -> None:
    """Random registry operations answer and act at the door as at the origin."""
    compared = compare_registries(door, origin, unique("twins"), f"{run.location}/m", run.id)

    assert compared >= 50, compared
