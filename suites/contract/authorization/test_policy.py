"""Every route of MLflow lets in whom the door's policy names, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.access import EntryPoint, Inventory, Routes
from fixtures.doors import one_door
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused
from registry_conformance.judge.requirement import for_versions, verifies

ROUTES = Routes.load(Path(__file__).with_name("routes.toml"))
SAMPLE = [
    "GET /",
    "GET /version",
    "POST /graphql",
    "GET /get-artifact",
    "GET /model-versions/get-artifact",
    "GET /api/2.0/mlflow/experiments/search",
    "POST /api/2.0/mlflow/runs/create",
    "PATCH /api/2.0/mlflow/registered-models/update",
    "DELETE /api/2.0/mlflow/model-versions/delete",
    "GET /api/3.0/mlflow/server-info",
    "POST /api/3.0/mlflow/datasets/create",
    "GET /api/2.0/mlflow-artifacts/artifacts",
    "PUT /api/2.0/mlflow-artifacts/artifacts/{}",
    "GET /api/2.0/mlflow-artifacts/presigned/{}",
    "POST /api/2.0/mlflow-artifacts/mpu/create/{}",
]
"""One route of each family; if doors could differ, each is asked."""
POLICY_IS_OF_ITS_MLFLOW = for_versions(
    "==3.17.2", "the declared policy is about the routes of the deployment's own MLflow, and other versions have others"
)


@one_door
@verifies("AUZ-015")
@pytest.mark.parametrize("entry", ROUTES.needing["read"])
def test_metadata_is_read_with_the_right_to(entry_point: EntryPoint, entry: str) -> None:
    """This metadata is read by whoever may read, and nobody else."""
    promised = entry_point.promised(ROUTES, entry)

    expect_equal(entry_point.admits(promised), promised, "who is let in")


@one_door
@verifies("AUZ-016")
@pytest.mark.parametrize("entry", ROUTES.needing["write"])
def test_metadata_is_changed_with_the_right_to(entry_point: EntryPoint, entry: str) -> None:
    """This metadata is changed by whoever may write, and nobody else."""
    promised = entry_point.promised(ROUTES, entry)

    expect_equal(entry_point.admits(promised), promised, "who is let in")


@one_door
@verifies("AUZ-017")
@pytest.mark.parametrize("entry", ROUTES.needing["artifact-read"])
def test_artifacts_are_read_with_the_right_to(entry_point: EntryPoint, entry: str) -> None:
    """This route reads artifacts for whoever may read them, and nobody else."""
    promised = entry_point.promised(ROUTES, entry)

    expect_equal(entry_point.admits(promised), promised, "who is let in")


@one_door
@verifies("AUZ-018")
@pytest.mark.parametrize("entry", ROUTES.needing["artifact-write"])
def test_artifacts_are_changed_with_the_right_to(entry_point: EntryPoint, entry: str) -> None:
    """This route changes artifacts for whoever may change them, and nobody else."""
    promised = entry_point.promised(ROUTES, entry)

    expect_equal(entry_point.admits(promised), promised, "who is let in")


@one_door
@lacks_right("reader", "write")
@verifies("AUZ-019")
@POLICY_IS_OF_ITS_MLFLOW
def test_every_route_is_judged(inventory: Inventory, reader: MlflowHttp) -> None:
    """Every route has been judged, and one that has not is closed."""
    expect_equal(sorted(ROUTES.of(inventory.routes) - ROUTES.declared), [], "routes without a decision")
    expect_refused(reader.post("conformance/never-heard-of"), 403)


@one_door
@lacks_right("anonymous", "write")
@verifies("AUZ-020")
@POLICY_IS_OF_ITS_MLFLOW
def test_every_judged_route_exists(inventory: Inventory, anonymous: MlflowHttp) -> None:
    """Every route that was judged exists, and what does not is closed to strangers."""
    expect_equal(sorted(ROUTES.declared - ROUTES.of(inventory.routes)), [], "decisions about nothing")
    expect_refused(anonymous.post("conformance/never-heard-of"), 401)


@verifies("AUZ-021")
@pytest.mark.parametrize("entry", SAMPLE)
def test_right_is_asked_for_at_each_door(entry_point: EntryPoint, entry: str) -> None:
    """This route lets in whom the policy of each door names."""
    promised = entry_point.promised(ROUTES, entry)

    expect_equal(entry_point.admits(promised), promised, "who is let in")
