"""The logs help to find a request and give no secret away."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from fixtures.essentials import KeyOf, Unique
from registry_conformance.judge.clients.decisions import Decisions
from registry_conformance.judge.clients.logs import Logs
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
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


@verifies("OPS-006")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{REST}/experiments/get", 200),
        ("POST", f"{REST}/runs/delete", 404),
        ("DELETE", f"{REST}/registered-models/delete", 404),
    ],
)
def test_line_of_the_proxys_log_tells_the_request(
    door: MlflowHttp, logs: Logs, access: Decisions, method: str, path: str, status: int
) -> None:
    """The line of a request has its method, path and status."""
    query, document = {"experiment_id": "0"}, {"run_id": "0" * 32, "name": "no-such-model"}
    asked = expect_status(door.send(method, path, query=query, json=document), status)

    assert logs.show("proxy", asked.request_id), asked
    (line,) = access.about(asked.request_id)
    whole = urlsplit(door.door.url).path + path
    expect_equal([line["method"], line["path"], int(line["status"])], [method, whole, status], "line of the log")
