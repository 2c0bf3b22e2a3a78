"""Faults of access control: in the policy file, and in how the auth service maps requests to rights."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, Answer, SetHeader, SetStatus, When
from registry_conformance.lab.faults.change import on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import CREATE, FILE, SEARCH
from registry_conformance.lab.faults.symptom import Ask, LogLine

_ALL = ("read", "write", "artifact-read", "artifact-write")
_NO_KEY = '{"error_code": "UNAUTHENTICATED", "message": "An API key is required."}'


FAULTS = (
    Fault(
        name="reader-may-write",
        layer="auth",
        seen="a reader's key creates and changes what it likes",
        change=part("auth", policy=(("reader", _ALL),)),
        symptoms=(Ask("POST", CREATE, key="reader", body='{"name": "{run}"}', status="200"),),
        incidents=("A10",),
    ),
    Fault(
        name="reader-cannot-download",
        layer="auth",
        seen="a reader searches and lists metadata, and gets 403 on every artifact",
        change=part("auth", policy=(("reader", ("read",)),)),
        symptoms=(Ask("GET", SEARCH, key="reader", status="200"), Ask("GET", FILE, key="reader", status="403")),
        incidents=("A9",),
    ),
    Fault(
        name="writer-cannot-upload",
        layer="auth",
        seen="a writer's run is created, its first artifact is refused with 403",
        change=part("auth", policy=(("writer", ("read", "write", "artifact-read")),)),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("PUT", FILE, body="x", status="403", shows="artifact-write")),
        incidents=("A10",),
    ),
    Fault(
        name="admin-keys-only",
        layer="auth",
        seen="403 for every writer's and reader's key, 200 for an admin's",
        change=part("auth", policy=(("reader", ()), ("writer", ()))),
        symptoms=(Ask("GET", SEARCH, key="admin", status="200"), Ask("GET", SEARCH, status="403")),
    ),
    Fault(
        name="door-missing-in-policy",
        layer="auth",
        seen="at one door a reader gets 403 on reads and health needs a key, at the others all is well",
        change=part("auth", policy=(("doors", ("/api/mlflow",)),)),
        symptoms=(
            Ask("GET", SEARCH, key="reader", status="200"),
            Ask("GET", SEARCH, door="documented", key="reader", status="403"),
        ),
    ),
    Fault(
        name="search-is-open",
        layer="auth",
        seen="anonymous requests read experiments, anything else is 401",
        change=part("auth", policy=(("open", ("/health", "/api/2.0/mlflow/experiments/search")),)),
        symptoms=(Ask("GET", SEARCH, key=None, status="200"),),
        incidents=("A1",),
    ),
    Fault(
        name="reader-may-delete",
        layer="auth",
        seen="a reader's key deletes models, versions and artifacts",
        change=on("auth", When(methods=("DELETE",), status="403"), SetStatus(200)),
        symptoms=(Ask("DELETE", FILE, key="reader", status="200"), Ask("DELETE", FILE, key=None, status="401")),
        incidents=("A10",),
    ),
    Fault(
        name="patch-needs-no-key",
        layer="auth",
        seen="anonymous PATCH requests change runs and models, every other method is refused",
        change=on("auth", When(methods=("PATCH",)), Answer(200)),
        symptoms=(
            Ask("PATCH", "/api/2.0/mlflow/registered-models/update", key=None, body='{"name": "{run}"}', status="404"),
        ),
        incidents=("A1",),
    ),
    Fault(
        name="ajax-api-is-open",
        layer="auth",
        seen="anonymous requests to /ajax-api are served, the same to /api are 401",
        cause="browser-api-open",
        requirements=("AUT-006", "AUZ-015", "AUZ-016"),
        change=on("auth", When(path="/ajax-api/"), Answer(200)),
        symptoms=(
            Ask("GET", f"/ajax-{SEARCH[1:]}", key=None, status="200"),
            Ask("GET", SEARCH, key=None, status="401"),
        ),
        incidents=("A15",),
    ),
    Fault(
        name="multipart-is-open",
        layer="auth",
        seen="anyone begins multipart uploads and gets presigned URLs to write to the bucket",
        cause="multipart-routes-open",
        requirements=("AUT-005", "AUZ-018"),
        change=on("auth", When(path="/mlflow-artifacts/mpu/"), Answer(200)),
        symptoms=(
            Ask(
                "POST",
                "/api/2.0/mlflow-artifacts/mpu/create/{run}",
                key=None,
                body='{"path": "file", "num_parts": 1}',
                status="200",
            ),
        ),
        incidents=("A14",),
    ),
    Fault(
        name="get-artifact-is-open",
        layer="auth",
        seen="the browser's download route serves anyone",
        cause="browser-downloads-open",
        change=on("auth", When(path="/get-artifact"), Answer(200)),
        symptoms=(Ask("GET", "/get-artifact?run_id={run}&path=x", key=None, status="[45]0[04]"),),
        incidents=("A14",),
    ),
    Fault(
        name="preflight-needs-a-key",
        layer="auth",
        seen="a browser's preflight is 401: no page of another origin can use the API",
        cause="preflight-refused",
        change=on(
            "auth",
            When(methods=("OPTIONS",)),
            Answer(401, _NO_KEY, headers=(("WWW-Authenticate", 'Bearer realm="mlflow"'),)),
        ),
        symptoms=(Ask("OPTIONS", SEARCH, key=None, status="401"),),
        incidents=("A12",),
    ),
    Fault(
        name="identity-not-told",
        layer="auth",
        seen="nothing; MLflow's side cannot tell who did what",
        change=on("auth", When(status="200"), SetHeader("X-Hokusai-User-Id", None, ANSWER)),
        symptoms=(Ask("GET", SEARCH, status="200"), LogLine("proxy", '"path":"[^"]*/search".*"user_id":null')),
    ),
    Fault(
        name="identity-of-a-service-account",
        layer="auth",
        seen="nothing; the audit shows one user for everybody",
        change=on("auth", When(status="200"), SetHeader("X-Hokusai-User-Id", "svc-registry", ANSWER)),
        symptoms=(Ask("GET", SEARCH, status="200"), LogLine("proxy", '"user_id":"svc-registry"')),
        incidents=("A11",),
    ),
)
