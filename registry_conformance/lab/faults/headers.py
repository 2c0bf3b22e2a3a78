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
        cause="the proxy lets x-hokusai-user-id and x-hokusai-api-key-id of clients pass",
        remedy="remove x-hokusai-* from requests before the auth filter (header_mutation: remove_on_match)",
        requirements=("RTE-047",),
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
        cause="the proxy lets header names with underscores pass",
        remedy="set headers_with_underscores_action: DROP_HEADER (nginx: underscores_in_headers off)",
        requirements=("RTE-047",),
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
        cause="the proxy does not pass on the identity that the auth service answers with",
        remedy="list x-hokusai-user-id and x-hokusai-api-key-id in allowed_upstream_headers",
        requirements=("RTE-047",),
        change=part("proxy", tells_identity=False),
        symptoms=(Ask("GET", SEARCH, status="200"), Passes("mlflow", "(?i)x-hokusai-user-id: ", present=False)),
        incidents=("A11",),
    ),
    Fault(
        name="credentials-stripped",
        layer="proxy",
        seen="the key is accepted, and what stands behind the proxy sees none",
        cause="the proxy removes Authorization and X-API-Key before it forwards a request",
        remedy="forward Authorization and X-API-Key unchanged",
        requirements=("RTE-040", "RTE-043"),
        change=part("proxy", request_headers=(("authorization", None), ("x-api-key", None))),
        symptoms=(Ask("GET", SEARCH, status="200"), Passes("mlflow", "(?i)authorization: ", present=False)),
        incidents=("A4",),
    ),
    Fault(
        name="host-not-rewritten",
        layer="proxy",
        seen="403 Invalid Host header on every route but health and version",
        cause="the proxy passes the public host name on, which MLflow's allowed hosts lack",
        remedy="rewrite Host to localhost, or start MLflow with --allowed-hosts PUBLIC-NAME",
        requirements=("REG-001", "RTE-001", "REG-002", "REG-016"),
        change=part("proxy", host="registry.example.org"),
        symptoms=(Ask("GET", SEARCH, status="403", shows="Invalid Host header"), Ask("GET", VERSION, status="200")),
        incidents=("R15",),
    ),
    Fault(
        name="software-named",
        layer="proxy",
        seen="every answer says which software gave it",
        cause="the proxy adds its own Server header",
        remedy="set server_header_transformation: PASS_THROUGH and remove server and x-powered-by from answers",
        requirements=("ERR-025",),
        change=part("proxy", banner=True),
        symptoms=(Ask("GET", VERSION, status="200", shows="server: envoy"),),
    ),
    Fault(
        name="version-banner",
        layer="proxy",
        seen="every answer names the proxy's software and its version",
        cause="the web server before the proxy announces itself",
        remedy="switch the banner off (nginx: server_tokens off and more_clear_headers Server)",
        requirements=("ERR-025",),
        change=on("proxy", When(), SetHeader("Server", "nginx/1.18.0 (Ubuntu)", ANSWER)),
        symptoms=(Ask("GET", VERSION, status="200", shows="server: nginx/1.18.0"),),
    ),
    Fault(
        name="security-headers-stripped",
        layer="proxy",
        seen="the page may be framed by others, and downloads be sniffed",
        cause="the proxy removes X-Frame-Options and X-Content-Type-Options from answers",
        remedy="pass MLflow's security headers on, or set them in the proxy",
        requirements=("OPS-018", "ART-019"),
        change=part("proxy", answer_headers=(("x-frame-options", None), ("x-content-type-options", None))),
        symptoms=(Ask("GET", SEARCH, status="200", lacks="x-content-type-options|x-frame-options"),),
    ),
    Fault(
        name="any-origin-allowed-by-proxy",
        layer="proxy",
        seen="a page of any site may call the API from a browser that knows a key",
        cause="the proxy adds Access-Control-Allow-Origin: * to all answers",
        remedy="remove the header from the proxy: MLflow's --cors-allowed-origins says who may",
        requirements=("OPS-016",),
        change=part("proxy", answer_headers=(("access-control-allow-origin", "*"),)),
        symptoms=(Ask("GET", SEARCH, status="200", shows=r"access-control-allow-origin: \*"),),
        incidents=("R25",),
    ),
    Fault(
        name="download-names-lost",
        layer="proxy",
        seen="browsers show artifacts instead of saving them, or save them under a wrong name",
        cause="the proxy removes Content-Disposition from answers",
        remedy="pass Content-Disposition on",
        requirements=("ART-019", "ART-029"),
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
        cause="the proxy sets a Content-Type of its own on answers",
        remedy="pass Content-Type on (nginx: default_type does not belong into a proxied location)",
        requirements=("ART-028",),
        change=part("proxy", answer_headers=(("content-type", "application/octet-stream"),)),
        symptoms=(Ask("GET", SEARCH, status="200", shows="content-type: application/octet-stream"),),
    ),
    Fault(
        name="request-types-rewritten",
        layer="proxy",
        seen="every POST is 400: Content-Type must be application/json",
        cause="the proxy sets Content-Type to application/octet-stream on requests",
        remedy="pass the client's Content-Type on",
        requirements=("REG-001", "RTE-001", "RTE-043"),
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
        cause="the proxy removes Range and If-* from requests",
        remedy="pass Range, If-None-Match, If-Match and If-Modified-Since on",
        requirements=("RTE-043",),
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
        cause="a filter of the proxy that might change bodies takes Content-Length away from answers",
        remedy="keep filters that rewrite bodies off the artifact routes",
        requirements=("ART-031",),
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
        cause="the load balancer drops Expect: 100-continue, so that nobody tells the client to go on",
        remedy="pass Expect and the 100 that answers it on, or have the load balancer answer 100 itself",
        requirements=("ART-035",),
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
        cause="a gateway between proxy and MLflow asks for the path that X-Original-URL names, whatever was judged",
        remedy="switch the gateway's trust in X-Original-URL and its like off, or remove them at the proxy",
        requirements=("AUZ-028",),
        change=both(
            *(on("mlflow", When(header=("x-original-url", f"^{path}$")), Rewrite("^.*$", path)) for path in _ASKED)
        ),
        symptoms=(Ask("GET", SEARCH, headers=(("X-Original-URL", VERSION),), status="200", lacks="experiments"),),
    ),
    Fault(
        name="public-host-not-told",
        layer="proxy",
        seen="links and logs on MLflow's side name localhost instead of the public host",
        cause="the proxy rewrites Host and does not tell the former one",
        remedy="set append_x_forwarded_host: true on every route",
        requirements=("RTE-048",),
        change=part("proxy", tells_host=False),
        symptoms=(Ask("GET", VERSION, status="200"), Passes("mlflow", "(?i)x-forwarded-host", present=False)),
    ),
)
