"""One request id leads through the logs of every part that a request passed."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from registry_conformance.judge.clients.logs import Logs
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

NOTHING = {"name": "no-such-model", "alias": "a", "version": "1", "run_id": "none", "experiment_id": "none"}
REQUESTS = {
    "upload-parts": ("POST", f"{ARTIFACTS}/mpu/abort/none"),
    "artifact-list": ("GET", f"{ARTIFACTS}/artifacts?path=none"),
    "artifact-file": ("GET", f"{ARTIFACTS}/artifacts/none.bin"),
    "artifact-file-put": ("PUT", f"{ARTIFACTS}/artifacts/none/"),
    "artifact-file-delete": ("DELETE", f"{ARTIFACTS}/artifacts/none/"),
    "get-artifact": ("GET", "/get-artifact?run_id=none&path=a"),
    "aliases": ("GET", f"{REST}/registered-models/alias?name=no-such-model&alias=a"),
    "aliases-post": ("POST", f"{REST}/registered-models/alias"),
    "aliases-delete": ("DELETE", f"{REST}/registered-models/alias"),
    "models": ("GET", f"{REST}/registered-models/get?name=no-such-model"),
    "models-post": ("POST", f"{REST}/registered-models/rename"),
    "models-patch": ("PATCH", f"{REST}/registered-models/update"),
    "models-delete": ("DELETE", f"{REST}/registered-models/delete"),
    "versions": ("GET", f"{REST}/model-versions/get?name=no-such-model&version=1"),
    "versions-post": ("POST", f"{REST}/model-versions/transition-stage"),
    "versions-patch": ("PATCH", f"{REST}/model-versions/update"),
    "versions-delete": ("DELETE", f"{REST}/model-versions/delete"),
    "experiments": ("GET", f"{REST}/experiments/get?experiment_id=none"),
    "experiments-post": ("POST", f"{REST}/experiments/delete"),
    "runs": ("GET", f"{REST}/runs/get?run_id=none"),
    "runs-post": ("POST", f"{REST}/runs/update"),
    "metrics": ("GET", f"{REST}/metrics/get-history?run_id=none&metric_key=k"),
    "logged-models": ("GET", f"{REST}/logged-models/none"),
    "logged-models-post": ("POST", f"{REST}/logged-models/search"),
    "graphql-post": ("POST", "/graphql"),
}
"""Kind of request -> one for what there is not."""


@verifies("ERR-030")
@pytest.mark.parametrize("part", ["proxy", "auth", "mlflow"])
def test_success_is_found_in_each_log(door: MlflowHttp, logs: Logs, part: str) -> None:
    """A served request is found in the log of each part."""
    found = expect_status(door.search_experiments(), 200)

    assert found.request_id, found
    expect_equal(logs.show(part, found.request_id), True, f"request id in the log of {part}")


@verifies("ERR-030")
@pytest.mark.parametrize("part", ["proxy", "auth", "mlflow"])
def test_mlflows_error_is_found_in_each_log(door: MlflowHttp, logs: Logs, part: str) -> None:
    """An error of MLflow is found in the log of each part."""
    missed = expect_refused(door.get("runs/get", run_id="0" * 32), 404)

    assert missed.request_id, missed
    expect_equal(logs.show(part, missed.request_id), True, f"request id in the log of {part}")


@verifies("ERR-031")
@pytest.mark.parametrize("part", ["proxy", "auth"])
def test_refusal_is_found_where_it_was_made(anonymous: MlflowHttp, logs: Logs, part: str) -> None:
    """A refused request is found with those who refused it, not at MLflow."""
    refused = expect_refused(anonymous.search_experiments(), 401)

    assert refused.request_id, refused
    expect_equal(logs.show(part, refused.request_id), True, f"request id in the log of {part}")
    expect_equal(logs.holds("mlflow", refused.request_id), False, "request id in MLflow's log")


@verifies("ERR-032")
@pytest.mark.parametrize("part", ["proxy", "auth", "mlflow"])
def test_clients_id_is_found_in_each_log(door: MlflowHttp, logs: Logs, unique: Unique, part: str) -> None:
    """A client's own request id is found in each part's log."""
    mine = unique("id")
    expect_status(door.send("GET", f"{REST}/experiments/get?experiment_id=0", headers=[("X-Request-Id", mine)]), 200)

    expect_equal(logs.show(part, mine), True, f"request id in the log of {part}")


@verifies("ERR-032")
@pytest.mark.parametrize("kind", REQUESTS)
def test_clients_id_is_kept_by_each_kind_of_request(door: MlflowHttp, logs: Logs, unique: Unique, kind: str) -> None:
    """A client's own id is returned and logged, whatever it asks."""
    mine, (method, path) = unique("id"), REQUESTS[kind]
    told = door.send(method, path, json=NOTHING, headers=[("X-Request-Id", mine)])

    expect_equal(told.request_id, mine, "request id of the answer")
    expect_equal([part for part in ("auth", "mlflow") if not logs.show(part, mine)], [], "logs without it")
