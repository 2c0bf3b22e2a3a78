"""Routes and a policy say who is let in, and routes that nobody has judged are noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.access import Routes
from registry_conformance.judge.target.policy import GUARDED, Policy

DECLARED = """
[routes]
public = ["GET /health"]
read = ["GET /api/2.0/mlflow/runs/get", "GET /only"]
write = ["POST /api/2.0/mlflow/runs/create", "DELETE /api/2.0/x/{}"]

[spared]
"DELETE /api/2.0/x/{}" = "deletes"
"""


@pytest.fixture
def table(tmp_path: Path) -> Routes:
    """A small table of routes."""
    return load(tmp_path, DECLARED)


def load(folder: Path, text: str) -> Routes:
    """Return the routes that a text declares."""
    (folder / "routes.toml").write_text(text)
    return Routes.load(folder / "routes.toml")


def test_refusals_stand_at_every_alias(table: Routes) -> None:
    """Who may not is refused at both twins; those who may are let in, the last two by turns."""
    assert table.promised("POST /api/2.0/mlflow/runs/create", GUARDED) == {
        "POST /api/2.0/mlflow/runs/create": {"anonymous": "denied", "reader": "denied", "writer": "in"},
        "POST /ajax-api/2.0/mlflow/runs/create": {"anonymous": "denied", "reader": "denied", "admin": "in"},
    }


def test_route_without_a_twin_asks_every_role(table: Routes) -> None:
    """Where there is one alias, every role is asked there."""
    assert table.promised("GET /only", GUARDED) == {
        "GET /only": {"anonymous": "denied", "reader": "in", "writer": "in", "admin": "in"}
    }
    assert table.promised("GET /health", GUARDED)["GET /health"]["anonymous"] == "in"


def test_spared_route_asks_only_those_who_may_not(table: Routes) -> None:
    """A spared route is tried by nobody who would be let in."""
    tried = table.promised("DELETE /api/2.0/x/{}", GUARDED).values()

    assert [set(roles) for roles in tried] == [{"anonymous", "reader"}] * 2


def test_whoever_may_alone_is_asked_at_both_twins(table: Routes) -> None:
    """Where one role may, it is let in at both twins, and all others are refused."""
    admins = Policy("by-admins", reader=frozenset(), writer=frozenset({"artifact-write"}))

    refused = dict.fromkeys(("anonymous", "reader", "writer"), "denied")
    assert table.promised("GET /api/2.0/mlflow/runs/get", admins) == {
        "GET /api/2.0/mlflow/runs/get": {**refused, "admin": "in"},
        "GET /ajax-api/2.0/mlflow/runs/get": {**refused, "admin": "in"},
    }
    assert set(table.promised("GET /health", admins)["GET /health"].values()) == {"in"}


def test_inventory_is_spelled_as_the_routes_are(table: Routes) -> None:
    """Twins fold into ``/api``, parameters into ``{}``; what has no twin keeps its path."""
    inventory = [
        ("GET", "/api/2.0/mlflow/runs/get"),
        ("GET", "/ajax-api/2.0/mlflow/runs/get"),
        ("DELETE", "/api/2.0/x/<path:name>"),
        ("DELETE", "/api/2.0/x/{name}"),
        ("POST", "/ajax-api/3.0/alone"),
    ]

    assert table.of(inventory) - table.declared == {"POST /ajax-api/3.0/alone"}
    assert table.declared - table.of(inventory) == {"GET /health", "GET /only", "POST /api/2.0/mlflow/runs/create"}


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
