"""Faults of the proxy's handling of headers: lost, forged or added on the way to MLflow and back."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, Rewrite, SetHeader, When
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, REST, SEARCH, VERSION
from registry_conformance.lab.faults.symptom import Acts, Ask, Passes

_FILES = "/mlflow-artifacts/artifacts/"
_ASKED = (VERSION, f"{REST}/runs/set-tag")
"""Paths that a request may name in a header and reach: a rule for each, for none copies a header into a target."""

FAULTS = (
    Fault(
        name="client-forges-identity",
        layer="proxy",
        seen="MLflow's records show the user that a client claims to be",
        change=both(part("proxy", trusts_identity=True, tells_identity=False)),
        symptoms=(
            Ask("GET", SEARCH, headers=(("X-Hokusai-User-Id", "{run}"),), status="200"),
            Passes("mlflow", r"(?i)x-hokusai-user-id: {run}"),
        ),
        incidents=("A11",),
    ),
    Fault(
        name="underscored-identity-passes",
        layer="proxy",
        seen="MLflow gets x_hokusai_user_id from clients, which WSGI cannot tell from the real header",
        change=part("proxy", takes_underscores=True),
        symptoms=(
            Ask("GET", SEARCH, headers=(("X_Hokusai_User_Id", "{run}"),), status="200"),
            Passes("mlflow", r"(?i)x_hokusai_user_id: {run}"),
        ),
        incidents=("A11",),
    ),
    Fault(
        name="identity-not-forwarded",
        layer="proxy",
        seen="nobody can tell from MLflow's side whose request it was",
        cause="identity-not-told",
        change=part("proxy", tells_identity=False),
        symptoms=(Ask("GET", SEARCH, status="200"), Passes("mlflow", "(?i)x-hokusai-user-id: ", present=False)),
        incidents=("A11",),
    ),
    Fault(
        name="credentials-stripped",
        layer="proxy",
        seen="the key is accepted, and what stands behind the proxy sees none",
        change=part("proxy", request_headers=(("authorization", None), ("x-api-key", None))),
        symptoms=(Ask("GET", SEARCH, status="200"), Passes("mlflow", "(?i)authorization: ", present=False)),
        incidents=("A4",),
    ),
    Fault(
        name="host-not-rewritten",
        layer="proxy",
        seen="403 Invalid Host header on every route but health and version",
        change=part("proxy", host="registry.example.org"),
        symptoms=(Ask("GET", SEARCH, status="403", shows="Invalid Host header"), Ask("GET", VERSION, status="200")),
        incidents=("R15",),
    ),
    Fault(
        name="software-named",
        layer="proxy",
        seen="every answer says which software gave it",
        change=part("proxy", banner=True),
        symptoms=(Ask("GET", VERSION, status="200", shows="server: envoy"),),
    ),
    Fault(
        name="version-banner",
        layer="proxy",
        seen="every answer names the proxy's software and its version",
        change=on("proxy", When(), SetHeader("Server", "nginx/1.18.0 (Ubuntu)", ANSWER)),
        symptoms=(Ask("GET", VERSION, status="200", shows="server: nginx/1.18.0"),),
    ),
    Fault(
        name="security-headers-stripped",
        layer="proxy",
        seen="the page may be framed by others, and downloads be sniffed",
        change=part("proxy", answer_headers=(("x-frame-options", None), ("x-content-type-options", None))),
        symptoms=(Ask("GET", SEARCH, status="200", lacks="x-content-type-options|x-frame-options"),),
    ),
    Fault(
        name="any-origin-allowed-by-proxy",
        layer="proxy",
        seen="a page of any site may call the API from a browser that knows a key",
        cause="any-origin-allowed",
        requirements=("OPS-016",),
        change=part("proxy", answer_headers=(("access-control-allow-origin", "*"),)),
        symptoms=(Ask("GET", SEARCH, status="200", shows=r"access-control-allow-origin: \*"),),
        incidents=("R25",),
    ),
    Fault(
        name="download-names-lost",
        layer="proxy",
        seen="browsers show artifacts instead of saving them, or save them under a wrong name",
        change=part("proxy", answer_headers=(("content-disposition", None),)),
        symptoms=(
            Ask("PUT", FILE, body="x", status="200"),
            Ask("GET", FILE, status="200", lacks="content-disposition"),
        ),
    ),
    Fault(
        name="download-types-rewritten",
        layer="proxy",
        seen="every download is application/octet-stream, and the page shows no images",
        change=part("proxy", answer_headers=(("content-type", "application/octet-stream"),)),
        symptoms=(Ask("GET", SEARCH, status="200", shows="content-type: application/octet-stream"),),
    ),
    Fault(
        name="request-types-rewritten",
        layer="proxy",
        seen="every POST is 400: Content-Type must be application/json",
        change=part("proxy", request_headers=(("content-type", "application/octet-stream"),)),
        symptoms=(
            Ask(
                "POST",
                "/api/2.0/mlflow/experiments/search",
                headers=(("Content-Type", "application/json"),),
                body='{"max_results": 1}',
                status="400",
            ),
        ),
    ),
    Fault(
        name="conditional-headers-dropped",
        layer="proxy",
        seen="browsers fetch the page's files again each time: If-None-Match and Range have no effect",
        change=part(
            "proxy",
            request_headers=tuple(
                (name, None) for name in ("range", "if-none-match", "if-match", "if-modified-since", "if-range")
            ),
        ),
        symptoms=(
            Ask("GET", VERSION, headers=(("If-None-Match", '"{run}"'),), status="200"),
            Passes("mlflow", "(?i)if-none-match", present=False),
        ),
    ),
    Fault(
        name="lengths-dropped",
        layer="proxy",
        seen="progress bars know no end: HEAD tells no length",
        change=on("proxy", When(("HEAD",), _FILES), SetHeader("Content-Length", None, ANSWER)),
        symptoms=(
            Ask("PUT", FILE, body="x", status="200"),
            Ask("HEAD", FILE, status="200", lacks="content-length"),
            Acts("proxy"),
        ),
    ),
    Fault(
        name="expect-header-dropped",
        layer="proxy",
        seen="curl waits a second before each large upload, and clients that wait to be told to go on never send",
        change=on("proxy", When(header=("expect", ".")), SetHeader("Expect", None)),
        symptoms=(
            Ask("PUT", FILE, body="x", headers=(("Expect", "100-continue"),), status="200"),
            Passes("mlflow", "(?i)\r\nexpect: ", present=False),
        ),
    ),
    Fault(
        name="original-url-believed",
        layer="proxy",
        seen="a reader's search with X-Original-URL changes what that header names",
        change=both(
            *(on("mlflow", When(header=("x-original-url", f"^{path}$")), Rewrite("^.*$", path)) for path in _ASKED)
        ),
        symptoms=(Ask("GET", SEARCH, headers=(("X-Original-URL", VERSION),), status="200", lacks="experiments"),),
    ),
    Fault(
        name="public-host-not-told",
        layer="proxy",
        seen="links and logs on MLflow's side name localhost instead of the public host",
        change=part("proxy", tells_host=False),
        symptoms=(Ask("GET", VERSION, status="200"), Passes("mlflow", "(?i)x-forwarded-host", present=False)),
    ),
)
