"""One request id leads through the logs of every part that a request passed."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from registry_conformance.judge.clients.logs import Logs
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


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
