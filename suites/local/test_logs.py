"""The logs help to find a request and give no secret away."""

from __future__ import annotations

from fixtures.essentials import KeyOf, Unique
from registry_conformance.judge.clients.logs import Logs
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("OPS-005")
def test_keys_stay_out_of_the_logs(door: MlflowHttp, logs: Logs, key: KeyOf, location: str, unique: Unique) -> None:
    """No key and no store secret stands in any log."""
    canary = unique("canary-key")
    require(door.put_artifact(location, "a.bin", b"x" * 100), 200)
    expect_refused(door.with_key(canary).put_artifact(location, "a.bin", b"x" * 100), 401)
    last = door.with_key(None).send("GET", "/api/2.0/mlflow/experiments/search", query={"api_key": canary})

    assert logs.show("proxy", last.request_id), last  # control: the log is complete
    expect_equal(logs.giving_away(canary, key("writer")), [], "logs that hold a secret")


@verifies("OPS-006")
def test_request_is_found_in_the_proxys_log(door: MlflowHttp, logs: Logs) -> None:
    """A request is found in the proxy's log by its id."""
    found = expect_status(door.search_experiments(), 200)

    assert found.request_id, found
    assert logs.show("proxy", found.request_id), found
