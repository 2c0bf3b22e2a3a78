"""Causes at one of several doors: closed, partly served, or with mangled paths."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, Clue, must, never
from registry_conformance.judge.diagnosis.causes.follows import META

_NONE = "404 (?!json (RESOURCE|detail)|.*flask)"
_OTHERS: Clue = must("doors.search.P", ".*200 json", 1)
_AFTER = ("doors", "route", "open")

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="documented-door-closed",
        layer="proxy",
        symptom="one-door",
        sentence="the mount of /mlflow is missing from the proxy",
        remedy="route /mlflow/ like /api/mlflow/",
        requirements=("REG-001", "REG-002", "RTE-001", "OPS-001", "RCH-004", "RCH-005"),
        clues=(
            must("doors.search.P", f".*documented {_NONE}"),
            must("doors.health.P", f".*documented {_NONE}"),
            _OTHERS,
        ),
        follows=_AFTER,
    ),
    Cause(
        id="literal-door-closed",
        layer="proxy",
        symptom="one-door",
        sentence="the proxy serves MLflow under /api/mlflow and /mlflow only",
        remedy="route /api/2.0/, /api/3.0/, /ajax-api/, /get-artifact, /graphql, /health and /version at the root too",
        requirements=("REG-001", "RTE-001"),
        clues=(
            must("doors.search.P", f".*literal {_NONE}"),
            must("doors.health.P", f".*literal {_NONE}"),
            _OTHERS,
        ),
        follows=_AFTER,
    ),
    Cause(
        id="artifacts-missing-at-literal-door",
        layer="proxy",
        symptom="one-door",
        sentence="/api/2.0/mlflow-artifacts is routed behind the prefixes only, not at the root",
        remedy="route /api/2.0/mlflow-artifacts/ at the root as well",
        requirements=("RTE-029", "RTE-030"),
        clues=(
            must("route.upload.P", f".*literal {_NONE}", 3),
            must("route.upload.P", ".*200", 1),
            must("doors.search.P", "all 200", 1),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="metadata-missing-at-documented-door",
        layer="proxy",
        symptom="one-door",
        sentence="the rule of /mlflow forwards pages and artifacts, but not /mlflow/api/2.0/mlflow",
        remedy="forward everything below /mlflow/, or add /mlflow/api/2.0/mlflow/ and /mlflow/api/3.0/mlflow/",
        requirements=("RTE-001", "RTE-002", "RTE-025"),
        clues=(
            must("doors.search.P", f".*documented {_NONE}"),
            must("route.upload.P", "(all 200|.*documented 200)"),
            must("route.page.P", "(all 200|.*documented 200)", 1),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="browser-api-missing-at-canonical-door",
        layer="proxy",
        symptom="one-door",
        sentence="/api/mlflow/ajax-api is not routed",
        remedy="route /api/mlflow/ajax-api/ as under the other doors",
        requirements=("RTE-009", "RTE-010", "RTE-027"),
        clues=(
            must("route.ajax.P", f".*canonical {_NONE}", 3),
            must("doors.search.P", "all 200", 1),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="prefix-not-stripped",
        layer="proxy",
        symptom="one-door",
        sentence="the proxy passes /mlflow on to MLflow, which knows no prefix",
        remedy="strip the door's prefix when forwarding",
        requirements=("REG-001", "RTE-001", "RTE-025"),
        clues=(
            must("doors.search.P", ".*(documented|canonical|literal) 404 .*flask"),
            must("doors.health.P", ".*404 .*flask"),
            _OTHERS,
        ),
        follows=(*_AFTER, *META),
        settings={
            "envoy": "prefix_rewrite",
            "nginx": "proxy_pass with a trailing slash",
            "caddy": "handle_path",
            "traefik": "the stripPrefix middleware",
        },
    ),
    Cause(
        id="prefix-eats-api-path",
        layer="proxy",
        symptom="one-door",
        sentence="the rule of /api/mlflow takes /api/2.0 away together with the door's prefix",
        remedy="strip /api/mlflow alone: MLflow's own paths begin with /api/2.0",
        requirements=("REG-001", "RTE-001", "REG-002"),
        clues=(
            must("doors.search.P", ".*(documented|canonical|literal) 404 .*flask"),
            must("doors.health.P", "all 200"),
            must("route.page.P", "all 200", 1),
            never("doors.search.P", ".*404 json detail"),
            _OTHERS,
        ),
        follows=(*_AFTER, *META),
    ),
)
