"""Who gets in, who does not, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.auth.conftest import READ, RIGHT, WRITE, Auth, Headers, answered
from tests.parts import KEYS


@pytest.mark.parametrize("door", ["", "/mlflow", "/api/mlflow"])
def test_a_valid_key_is_allowed_with_its_identity_at_each_door(auth: Auth, door: str) -> None:
    """A valid key is allowed with its identity at each door."""
    answer = auth("GET", door + READ, ("X-Hokusai-Client-Ip", "192.0.2.7"), key="reader")
    assert answer.status_code == 200
    assert (answer.headers["x-hokusai-user-id"], answer.headers["x-hokusai-api-key-id"]) == ("user-reader", "id-reader")
    assert auth.asked()[0]["body"] == {"service_id": "platform", "client_ip": "192.0.2.7"}
    assert auth.asked()[0]["carrier"] == "authorization-bearer"


@pytest.mark.parametrize("key", ["expired", "revoked", "other"])
def test_a_bad_key_is_401_and_always_told_the_same(auth: Auth, key: str) -> None:
    """A bad key is 401 and always told the same."""
    answers = [auth("GET", READ, key=key), auth("GET", READ, ("X-API-Key", "never-heard-of"))]
    assert [answered(each) for each in answers] == [(401, "UNAUTHENTICATED")] * 2
    assert answers[0].content == answers[1].content
    assert 'error="invalid_token"' in answers[0].headers["www-authenticate"]


@pytest.mark.parametrize(
    "path", [READ, WRITE, "/", "/version", "/graphql", "/x", "/api/2.0/mlflow-artifacts/artifacts"]
)
def test_nobody_gets_in_without_a_key(auth: Auth, path: str) -> None:
    """Nobody gets in without a key."""
    for door in ("", "/mlflow", "/api/mlflow"):
        assert answered(auth("GET", door + path)) == (401, "UNAUTHENTICATED")
    assert auth("GET", path).headers["www-authenticate"] == 'Bearer realm="mlflow"'
    assert auth.asked() == []


def test_a_line_break_in_a_path_is_decided_about_like_any_other(auth: Auth) -> None:
    """A line break in a path is decided about like any other character: it is no outage, and opens nothing."""
    path = "/api/2.0/mlflow-artifacts/artifacts/a%0Ab"
    assert auth("PUT", path, key="writer").status_code == 200
    assert answered(auth("PUT", path, key="reader")) == (403, "PERMISSION_DENIED")
    assert answered(auth("GET", f"{path}%0A/health")) == (401, "UNAUTHENTICATED")


def test_health_and_preflight_need_no_key(auth: Auth) -> None:
    """Health and preflight need no key."""
    for door in ("", "/mlflow", "/api/mlflow"):
        assert auth("GET", door + "/health").status_code == 200
        assert auth("OPTIONS", door + WRITE).status_code == 200
        assert auth("POST", door + "/health").status_code == 401
        assert auth("GET", door + "/health/x").status_code == 401


@pytest.mark.parametrize(
    ("key", "method", "path", "missing"),
    [
        ("reader", "GET", READ, None),
        ("reader", "GET", "/api/2.0/mlflow-artifacts/artifacts/a", None),
        ("reader", "POST", WRITE, "write"),
        ("reader", "PUT", "/ajax-api/2.0/mlflow-artifacts/artifacts/a", "artifact-write"),
        ("writer", "PUT", "/api/2.0/mlflow-artifacts/artifacts/a", None),
        ("writer", "DELETE", "/mlflow/api/2.0/mlflow/registered-models/delete", None),
        ("admin", "POST", WRITE, None),
    ],
)
def test_a_role_may_what_its_policy_says(auth: Auth, key: str, method: str, path: str, missing: str | None) -> None:
    """A role may what its policy says."""
    answer = auth(method, path, key=key)
    if missing is None:
        assert answer.status_code == 200
    else:
        assert answered(answer) == (403, "PERMISSION_DENIED")
        assert f"'{missing}'" in answer.json()["message"]


@pytest.mark.parametrize(
    ("headers", "carrier"),
    [
        ([("Authorization", "Bearer {}")], "authorization-bearer"),
        ([("Authorization", "bEaReR   {} ")], "authorization-bearer"),
        ([("Authorization", "ApiKey {}")], "authorization-apikey"),
        ([("X-API-Key", "{}")], "x-api-key"),
        ([("X-API-Key", "bad"), ("Authorization", "ApiKey {}")], "authorization-apikey"),
        ([("Authorization", "Basic dTpw"), ("X-API-Key", "{}")], "x-api-key"),
    ],
)
def test_a_key_is_found_in_each_carrier(auth: Auth, headers: Headers, carrier: str, capsys: Any) -> None:
    """A key is found in each carrier."""
    answer = auth("GET", READ, *[(name, value.format(KEYS["reader"])) for name, value in headers])
    assert answer.status_code == 200
    assert json.loads(capsys.readouterr().out)["carrier"] == carrier


GOOD = KEYS["writer"]


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer "), ("X-API-Key", GOOD)],
        [("Authorization", f"Bearer {GOOD} extra")],
        [("Authorization", f"Bearer {GOOD}"), ("Authorization", f"Bearer {GOOD}")],
        [("Authorization", f"Bearer {GOOD},Bearer {GOOD}")],
        [("Authorization", f"Digest {GOOD}")],
        [("Authorization", f"Bearer {GOOD}\x1f")],
        [("X-API-Key", f"\x1c{GOOD}")],
        [("Authorization", GOOD)],
        [("Authorization", "")],
        [("X-API-Key", "")],
        [("X-API-Key", GOOD), ("X-API-Key", GOOD)],
        [("X-API-Key", f"{GOOD},{GOOD}")],
        [("X-API-Key", f"{GOOD}\tx")],
        [("Authorization", "Bearer " + "k" * 8193)],
    ],
    ids=str,
)
def test_a_key_that_cannot_be_one_is_401_and_never_asked_about(auth: Auth, headers: Headers) -> None:
    """A key that cannot be one is 401 and never asked about."""
    assert answered(auth("GET", READ, *headers)) == (401, "UNAUTHENTICATED")
    assert auth.asked() == []
    assert auth("GET", READ, ("X-API-Key", GOOD)).status_code == 200


def test_odd_keys_are_401(auth: Auth) -> None:
    """Odd keys are 401."""
    assert answered(auth("GET", READ, ("Authorization", "Bearer " + "k" * 8192))) == (401, "UNAUTHENTICATED")
    assert answered(auth("GET", READ, ("Authorization", "Bearer clé"))) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("name", ["api_key", "API-KEY", "access_token"])
def test_a_key_in_the_query_is_refused_even_beside_a_good_one(auth: Auth, name: str, capsys: Any) -> None:
    """A key in the query is refused even beside a good one."""
    answer = auth("GET", f"{READ}?run_id=1&{name}={GOOD}", key="writer")
    assert answered(answer) == (401, "UNAUTHENTICATED")
    assert "query string" in answer.json()["message"]
    assert GOOD not in capsys.readouterr().out
    assert auth("GET", f"{READ}?run_id=1&page_token=x", key="writer").status_code == 200


def test_a_key_without_a_known_scope_is_403(auth: Auth) -> None:
    """A key without a known scope is 403."""
    auth.answer(body=json.dumps({**RIGHT, "scopes": ["billing"]}))
    assert answered(auth("GET", READ, key="reader")) == (403, "PERMISSION_DENIED")


def test_a_decision_is_logged_without_key_or_query(auth: Auth, capsys: Any) -> None:
    """A decision is logged without key or query."""
    auth("POST", f"/mlflow{WRITE}?q=secret-query", ("X-Request-Id", 'id-"1'), key="reader")
    line = json.loads(capsys.readouterr().out)
    assert {name: line[name] for name in ("request_id", "method", "path", "decision", "status", "need", "user_id")} == {
        "request_id": 'id-"1',
        "method": "POST",
        "path": f"/mlflow{WRITE}",
        "decision": "deny",
        "status": 403,
        "need": "write",
        "user_id": "user-reader",
    }
    assert line["reason"]
    assert line["ms"] > 0
