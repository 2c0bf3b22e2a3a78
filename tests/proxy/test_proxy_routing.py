"""What the proxy serves, under which paths, and what MLflow is sent."""

from __future__ import annotations

import pytest

from registry_conformance.lab.deployment import DOORS, Proxy
from tests.proxy.conftest import Ask

FAMILIES = {
    "artifacts": "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/model.pkl",
    "get-artifact": "/model-versions/get-artifact",
    "ajax-files": "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files",
    "multipart": "/api/2.0/mlflow-artifacts/mpu/create/1/r",
    "presigned": "/api/2.0/mlflow-artifacts/presigned/1/r/model.pkl",
    "rest": "/api/2.0/mlflow/runs/get",
    "ajax": "/ajax-api/3.0/mlflow/server-info",
    "graphql": "/graphql",
    "health": "/health",
    "version": "/version",
    "ui": "/static-files/index.js",
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("path", [*FAMILIES.values(), "/", "/api/3.0/mlflow/traces/search", "/get-artifact"])
def test_each_door_serves_each_family_without_its_prefix(ask: Ask, door: str, path: str) -> None:
    """Each door serves each family without its prefix."""
    answer = ask("GET", door + path + "?run_id=1&path=a%2Fb")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["path"], answer.json()["query"]) == (path, "run_id=1&path=a%2Fb")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_unrouted_family_is_a_404_of_the_proxy_and_others_stay(ask: Ask, family: str) -> None:
    """An unrouted family is a 404 of the proxy and others stay."""
    other = next(path for name, path in FAMILIES.items() if name != family)
    with ask.parts.configured(Proxy(unrouted=frozenset({family}))):
        missing, kept = ask("GET", "/mlflow" + FAMILIES[family]), ask("GET", other)
    if family == "ajax-files":  # what is no longer its own route is still an ajax path
        assert missing.status_code == 200
    else:
        assert (missing.status_code, missing.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert kept.status_code == 200
    assert ask("GET", FAMILIES[family]).status_code == 200


@pytest.mark.parametrize("closed", DOORS)
def test_a_closed_door_is_a_404_and_the_others_stay(ask: Ask, closed: str) -> None:
    """A closed door is a 404 and the others stay."""
    with ask.parts.configured(Proxy(doors=tuple(name for name in DOORS if name != closed))):
        statuses = {name: ask("GET", prefix + FAMILIES["rest"]).status_code for name, prefix in DOORS.items()}
    assert statuses == {name: 404 if name == closed else 200 for name in DOORS}


def test_no_open_door_serves_nothing(ask: Ask) -> None:
    """No open door serves nothing."""
    with ask.parts.configured(Proxy(doors=())):
        assert ask("GET", "/health").status_code == 404
        assert ask("GET", FAMILIES["rest"]).status_code == 404


def test_without_authentication_anybody_reaches_mlflow_with_no_identity(ask: Ask) -> None:
    """Without authentication anybody reaches MLflow with no identity."""
    assert ask("GET", FAMILIES["rest"], key=None).status_code == 401
    with ask.parts.configured(Proxy(authenticates=False)):
        answer = ask("GET", FAMILIES["rest"], key=None, headers={"X-Hokusai-User-Id": "evil"})
    assert answer.status_code == 200
    assert "x-hokusai-user-id" not in dict(answer.json()["headers"])
    assert ask("GET", FAMILIES["rest"], key=None).status_code == 401


@pytest.mark.parametrize("path", ["/nothing", "/api/2.0/other", "/mlflow", "/gateway/x", "/metrics", "/healthz"])
def test_anything_else_is_a_json_404_for_who_may_know(ask: Ask, path: str) -> None:
    """Anything else is a JSON 404 for who may know."""
    told = ask("GET", path)
    assert (told.status_code, told.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert ask("GET", path, key=None).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_methods_pass_with_a_json_body(ask: Ask, method: str) -> None:
    """Methods pass with a JSON body."""
    sent = ask(method, "/mlflow/api/2.0/mlflow/model-versions/delete", json={"name": "m"}).json()
    assert (sent["method"], sent["body"]) == (method, '{"name":"m"}')


def test_head_and_options_pass(ask: Ask) -> None:
    """HEAD and OPTIONS pass."""
    assert ask("HEAD", FAMILIES["artifacts"]).status_code == 200
    assert ask("OPTIONS", FAMILIES["rest"], key=None).json()["method"] == "OPTIONS"


@pytest.mark.parametrize("name", ["a%23b", "a%3Fb", "a%20b", "a+b", "a%252Fb", "%C3%BC", "a:b;c=d@e,f", "a%25b"])
def test_escaped_names_reach_mlflow_as_they_were_sent(ask: Ask, name: str) -> None:
    """Escaped names reach MLflow as they were sent."""
    path = "/api/2.0/mlflow-artifacts/artifacts/1/"
    assert ask("PUT", "/api/mlflow" + path + name, content=b"x").json()["path"] == path + name


@pytest.mark.parametrize(
    "path",
    ["/api/2.0/mlflow/../mlflow/runs/get", "//api/2.0//mlflow/runs/get", "/x/%2e%2e/api/2.0/mlflow/%72uns/get"],
)
def test_one_path_has_one_form_before_the_auth_decision(ask: Ask, path: str) -> None:
    """One path has one form before the auth decision."""
    assert ask("GET", path, key=None).status_code == 401
    with ask.parts.configured(Proxy(authenticates=False)):  # the same path is one that is served
        assert ask("GET", path).json()["path"] == "/api/2.0/mlflow/runs/get"


@pytest.mark.parametrize("path", ["/health/../api/2.0/mlflow/runs/get", "//health/../graphql", "/health;/../version"])
def test_a_detour_over_an_open_path_opens_nothing(ask: Ask, path: str) -> None:
    """A detour over an open path opens nothing."""
    assert ask("GET", "/health", key=None).status_code == 200
    assert ask("GET", path, key=None).status_code == 401


@pytest.mark.parametrize("path", ["/api/2.0/mlflow%2Fruns/get", "/health%2f..%2fversion", "/api%5c2.0/mlflow/runs/get"])
def test_escaped_slashes_are_refused(ask: Ask, path: str) -> None:
    """Escaped slashes are refused."""
    answer = ask("GET", path)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")
    assert answer.headers["x-request-id"]
