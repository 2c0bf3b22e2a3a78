"""The declared policy says who is let in, and notices routes that it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.checks.access import Policy

DECLARED = """
[roles]
anonymous = ["public"]
reader = ["public", "read"]
writer = ["public", "read", "write"]
admin = ["public", "read", "write"]

[routes]
public = ["GET /health"]
read = ["GET /api/2.0/mlflow/runs/get", "GET /only"]
write = ["POST /api/2.0/mlflow/runs/create", "DELETE /api/2.0/x/{}"]

[spared]
"DELETE /api/2.0/x/{}" = "deletes"
"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """A small policy."""
    return load(tmp_path, DECLARED)


def load(folder: Path, text: str) -> Policy:
    """Return the policy that a text declares."""
    (folder / "policy.toml").write_text(text)
    return Policy.load(folder / "policy.toml")


def test_refusals_stand_at_every_alias(policy: Policy) -> None:
    """Who may not is refused at both twins; those who may are let in, the last two by turns."""
    assert policy.promised("POST /api/2.0/mlflow/runs/create") == {
        "POST /api/2.0/mlflow/runs/create": {"anonymous": "401", "reader": "403", "writer": "in"},
        "POST /ajax-api/2.0/mlflow/runs/create": {"anonymous": "401", "reader": "403", "admin": "in"},
    }


def test_route_without_a_twin_asks_every_role(policy: Policy) -> None:
    """Where there is one alias, every role is asked there."""
    assert policy.promised("GET /only") == {
        "GET /only": {"anonymous": "401", "reader": "in", "writer": "in", "admin": "in"}
    }
    assert policy.promised("GET /health")["GET /health"]["anonymous"] == "in"


def test_spared_route_asks_only_those_who_may_not(policy: Policy) -> None:
    """A spared route is tried by nobody who would be let in."""
    tried = policy.promised("DELETE /api/2.0/x/{}").values()

    assert [set(roles) for roles in tried] == [{"anonymous", "reader"}] * 2


def test_inventory_is_spelled_as_the_policy_is(policy: Policy) -> None:
    """Twins fold into ``/api``, parameters into ``{}``; what has no twin keeps its path."""
    inventory = [
        ("GET", "/api/2.0/mlflow/runs/get"),
        ("GET", "/ajax-api/2.0/mlflow/runs/get"),
        ("DELETE", "/api/2.0/x/<path:name>"),
        ("DELETE", "/api/2.0/x/{name}"),
        ("POST", "/ajax-api/3.0/alone"),
    ]

    assert policy.of(inventory) - policy.declared == {"POST /ajax-api/3.0/alone"}
    assert policy.declared - policy.of(inventory) == {"GET /health", "GET /only", "POST /api/2.0/mlflow/runs/create"}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"GET /only"]', '"GET /only", "GET /health"]', "declared twice: GET /health"),
        ('"DELETE /api/2.0/x/{}" =', '"DELETE /gone" =', "spared but not declared: DELETE /gone"),
    ],
)
def test_contradiction_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """A route under two rights, or spared without one, is named."""
    with pytest.raises(ValueError, match=problem):
        load(tmp_path, DECLARED.replace(old, new))
