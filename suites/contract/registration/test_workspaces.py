"""What is made in a workspace of MLflow's belongs there, whoever asks from another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.essentials import Unique
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

Attempt = Callable[[MlflowHttp, str], Exchange]
WITH_A_MODEL: dict[str, Attempt] = {
    "read": lambda wire, name: wire.get("registered-models/get", name=name),
    "tag": lambda wire, name: wire.post("registered-models/set-tag", name=name, key="colour", value="red"),
    "rename": lambda wire, name: wire.post("registered-models/rename", name=name, new_name=f"{name}-theirs"),
    "delete": lambda wire, name: wire.delete("registered-models/delete", name=name),
}
WITH_AN_EXPERIMENT: dict[str, Attempt] = {
    "read": lambda wire, name: wire.get("experiments/get", experiment_id=name),
    "tag": lambda wire, name: wire.post("experiments/set-experiment-tag", experiment_id=name, key="a", value="b"),
    "run": lambda wire, name: wire.create_run(name, "theirs"),
    "delete": lambda wire, name: wire.post("experiments/delete", experiment_id=name),
}


@verifies("REG-060")
def test_model_is_found_in_its_workspace_alone(door: MlflowHttp, elsewhere: MlflowHttp, unique: Unique) -> None:
    """A search finds a model in its workspace, and in no other."""
    name = require(door.create_model(unique("own")), 200).document["registered_model"]["name"]
    query = f"name = '{name}'"
    here, there = (require(wire.get("registered-models/search", filter=query), 200) for wire in (door, elsewhere))

    expect_equal([each["name"] for each in here.document["registered_models"]], [name], "models in its workspace")
    expect_equal(there.document.get("registered_models", []), [], "models in another")


@verifies("REG-060")
def test_experiment_is_found_in_its_workspace_alone(door: MlflowHttp, elsewhere: MlflowHttp, unique: Unique) -> None:
    """A search finds an experiment in its workspace, and in no other."""
    name = unique("own")
    require(door.create_experiment(name), 200)
    query = {"filter": f"name = '{name}'", "max_results": 10}
    here, there = (require(wire.post("experiments/search", **query), 200) for wire in (door, elsewhere))

    expect_equal([each["name"] for each in here.document["experiments"]], [name], "experiments in its workspace")
    expect_equal(there.document.get("experiments", []), [], "experiments in another")


@verifies("REG-061")
@pytest.mark.parametrize("how", WITH_A_MODEL)
def test_model_is_out_of_reach_from_another_workspace(
    door: MlflowHttp, elsewhere: MlflowHttp, unique: Unique, how: str
) -> None:
    """A model is neither read nor changed from another workspace by name."""
    made = require(door.create_model(unique("own")), 200).document["registered_model"]["name"]
    before = require(WITH_A_MODEL["read"](door, made), 200).document

    expect_status(WITH_A_MODEL[how](elsewhere, made), 404)
    expect_equal(expect_status(WITH_A_MODEL["read"](door, made), 200).document, before, "the model in its workspace")


@verifies("REG-061")
@pytest.mark.parametrize("how", WITH_AN_EXPERIMENT)
def test_experiment_is_out_of_reach_from_another_workspace(
    door: MlflowHttp, elsewhere: MlflowHttp, unique: Unique, how: str
) -> None:
    """An experiment is neither read nor changed from another workspace by id."""
    made = require(door.create_experiment(unique("own")), 200).document["experiment_id"]
    before = require(WITH_AN_EXPERIMENT["read"](door, made), 200).document

    expect_status(WITH_AN_EXPERIMENT[how](elsewhere, made), 404)
    after = expect_status(WITH_AN_EXPERIMENT["read"](door, made), 200).document
    expect_equal(after, before, "the experiment in its workspace")
