"""However many replicas of MLflow answer behind a door, they are one registry."""

from __future__ import annotations

from fixtures.essentials import Unique
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

READERS = 24
"""So many reads, eight at one time, meet each of two replicas but for one case in millions."""


@verifies("REG-059")
def test_experiment_is_there_for_everybody(door: MlflowHttp, unique: Unique) -> None:
    """An experiment that was just created is found by each of many."""
    name = unique("everywhere")
    created = expect_status(door.create_experiment(name), 200).document["experiment_id"]
    met = at_once([lambda: door.get("experiments/get", experiment_id=created)] * READERS)
    told = [require(each, 200, 404) for each in met]  # whoever is too busy to say finds and lacks nothing
    names = [(each.status, each.at("experiment", "name")) for each in told]  # each database counts its ids by itself

    expect_equal([str(each) for each in names if each != (200, name)], [], "reads that did not find it")


@verifies("REG-059")
def test_model_is_there_for_everybody(door: MlflowHttp, unique: Unique) -> None:
    """A model that was just created is found by each of many."""
    name = expect_status(door.create_model(unique("everywhere")), 200).document["registered_model"]["name"]
    met = at_once([lambda: door.get("registered-models/get", name=name)] * READERS)
    told = [require(each, 200, 404) for each in met]

    expect_equal([str(each) for each in told if each.status == 404], [], "reads that did not find it")
