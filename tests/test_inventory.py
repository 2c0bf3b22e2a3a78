"""The inventory is the installed server's, and each of its routes is asked for or declared not served."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fixtures.routes import FAMILIES, UNROUTED, ask, family_of
from registry_conformance.judge.clients.inventory import Route, routes
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door
from tests.http_servers import echo


@pytest.fixture(scope="module")
def known(cache: Path) -> tuple[Route, ...]:
    """Every route of the installed server."""
    return routes(cache)


def test_routes_of_each_framework_are_found(known: tuple[Route, ...]) -> None:
    """Routes of Flask, of FastAPI, and of routers included with a prefix are known."""
    wanted = {
        Route("/api/2.0/mlflow/registered-models/delete", "DELETE"),
        Route("/api/2.0/mlflow-artifacts/artifacts/{artifact_path:path}", "PUT"),
        Route("/ajax-api/3.0/mlflow/mcp-servers", "POST"),
        Route("/health", "GET"),
    }

    assert wanted <= set(known)
    assert len(known) > 400


def test_kept_routes_are_the_same(known: tuple[Route, ...], cache: Path) -> None:
    """What the cache keeps is what the server said."""
    assert routes.__wrapped__(cache) == known


def test_routes_are_read_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a cache folder the server is imported once, not for each check (kind: a cost that a cache hid)."""
    reads = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        reads.append(command)
        return subprocess.CompletedProcess(command, 0, '[["/health", "GET"]]', "")

    monkeypatch.setattr(subprocess, "run", run)
    routes.cache_clear()
    try:
        assert routes(None) == routes(None) == (Route("/health", "GET"),)
    finally:
        routes.cache_clear()
    assert len(reads) == 1


def test_no_family_is_empty(known: tuple[Route, ...]) -> None:
    """Each family has routes, and each prefix that is declared not served still exists."""
    assert {family_of(route) for route in known} == {*FAMILIES, "unserved"}
    for prefix in UNROUTED:
        assert any(route.path.startswith(prefix) for route in known), prefix


@pytest.mark.parametrize(
    ("path", "method", "asked"),
    [
        (
            "/api/2.0/mlflow/traces/<trace_id>/tags/<key>",
            "DELETE",
            ("DELETE", "/traces/no-such-thing/tags/no-such-thing"),
        ),
        ("/api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>", "PUT", ("PUT", "/artifacts/no-such-thing/")),
        ("/ajax-api/3.0/mlflow/demo/generate", "POST", ("OPTIONS", "/demo/generate")),
    ],
)
def test_question_changes_nothing(path: str, method: str, asked: tuple[str, str]) -> None:
    """A route is asked about nothing that exists; one that acts on an empty document is asked for its methods."""
    with echo() as url:
        said = ask(MlflowHttp(Door("echo", url), None, Evidence(), "run"), Route(path, method)).json()

    assert (said["method"], said["target"].endswith(asked[1])) == (asked[0], True)
