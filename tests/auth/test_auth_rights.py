"""Every route of the installed MLflow needs the right that it should, and no write passes as a read."""

from __future__ import annotations

import importlib
import re
import warnings
from typing import Any

import pytest

from tests import parts

assert parts.AUTH.is_dir()
need: Any = importlib.import_module("rights").need

POSTS_THAT_READ = {
    "/graphql",
    "/ajax-api/3.0/jobs/search",
    "/2.0/mlflow/artifacts/presigned-download-url",
    "/2.0/mlflow/experiments/search",
    "/2.0/mlflow/experiments/search-datasets",
    "/2.0/mlflow/logged-models/search",
    "/2.0/mlflow/registered-models/get-latest-versions",
    "/2.0/mlflow/runs/search",
    "/3.0/mlflow/datasets/search",
    "/3.0/mlflow/issues/search",
    "/3.0/mlflow/prompt-optimization/jobs/search",
    "/3.0/mlflow/traces/batchGetInfos",
    "/3.0/mlflow/traces/calculate-filter-correlation",
    "/3.0/mlflow/traces/metrics",
    "/3.0/mlflow/traces/search",
}
"""Every route that reads though its method is neither GET nor HEAD; for /api and /ajax-api alike where they mirror."""


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Every (method, path) of the installed server, parameters filled with ``x``."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.chdir(tmp_path_factory.mktemp("mlflow"))
        patch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        warnings.simplefilter("ignore")
        native = importlib.import_module("mlflow.server.fastapi_app").app.openapi()["paths"]
        flask = importlib.import_module("mlflow.server").app.url_map.iter_rules()
    found = {(method.upper(), path) for path, methods in native.items() for method in methods}
    found |= {(method, rule.rule) for rule in flask for method in rule.methods}
    return {(method, re.sub(r"<[^>]*>|\{[^}]*\}", "x", path)) for method, path in found}


def test_no_route_is_unknown(routes: set[tuple[str, str]]) -> None:
    """No route is unknown."""
    asked = {route for route in routes if route[0] != "OPTIONS"}
    assert len(asked) > 400  # control: the server's routes were found
    assert not sorted(route for route in asked if need(*route).rule == "unknown")


def test_no_write_passes_as_a_read(routes: set[tuple[str, str]]) -> None:
    """No write passes as a read."""
    reading = {
        re.sub(r"^/(?:ajax-)?api(?=/[23]\.0/mlflow)", "", path)
        for method, path in routes
        if method not in ("GET", "HEAD", "OPTIONS") and need(method, path).right in ("read", "artifact-read")
    }
    assert reading == POSTS_THAT_READ


def test_every_change_of_artifacts_needs_artifact_write(routes: set[tuple[str, str]]) -> None:
    """Every change of artifacts needs artifact write."""
    changing = {r for r in routes if "mlflow-artifacts" in r[1] and r[0] in ("PUT", "POST", "DELETE")}
    assert {path.split("/")[4] for _, path in changing} == {"artifacts", "mpu"}
    assert {need(*route).right for route in changing} == {"artifact-write"}


def test_aliases_need_the_same(routes: set[tuple[str, str]]) -> None:
    """Aliases need the same."""
    mirrored = {(m, p) for m, p in routes if p.startswith("/api/") and (m, "/ajax-" + p[1:]) in routes}
    assert len(mirrored) > 150
    assert not [(m, p) for m, p in mirrored if need(m, p) != need(m, "/ajax-" + p[1:])]


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/api/2.0/mlflow-artifacts/artifacts", "artifact-read"),
        ("HEAD", "/api/2.0/mlflow-artifacts/artifacts/1/r/a", "artifact-read"),
        ("GET", "/api/2.0/mlflow-artifacts/presigned/1/r/a", "artifact-read"),
        ("GET", "/get-artifact", "artifact-read"),
        ("GET", "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files", "artifact-read"),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", "artifact-write"),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact", "artifact-write"),
        ("PATCH", "/api/2.0/mlflow-artifacts/artifacts/x", "artifact-write"),
        ("GET", "/ajax-api/2.0/mlflow/gateway-proxy", "write"),
        ("GET", "/", "read"),
        ("POST", "/", "write"),
        ("POST", "/api/2.0/mlflow/runs/search/", "write"),
        ("POST", "/api/2.0/mlflow/runs/search/../delete", "write"),
        ("GET", "/api/2.0/mlflow//runs/get", "write"),
        ("GET", "/never/heard/of", "write"),
        ("BREW", "/api/2.0/mlflow/runs/get", "write"),
    ],
)
def test_one_route(method: str, path: str, right: str) -> None:
    """One route."""
    assert need(method, path).right == right


def test_graphql_can_only_search() -> None:
    """GraphQL can only search."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = importlib.import_module("mlflow.server.graphql.graphql_schema_extensions").schema
    assert set(schema.graphql_schema.mutation_type.fields) <= {
        "mlflowSearchDatasets",
        "mlflowSearchRuns",
        "testMutation",
    }
