"""Faults in the form of error responses."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, Answer, EditBody, SetHeader, SetStatus, When
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, REST, SEARCH
from registry_conformance.lab.faults.symptom import Ask

_MISSING = f"{REST}/experiments/get?experiment_id=98765"
_PAGE = "<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"

FAULTS = (
    Fault(
        name="upstream-errors-passed-through",
        layer="proxy",
        seen="JSON clients get HTML or text/plain errors from artifact routes and unknown methods",
        change=part("proxy", json_errors=False),
        symptoms=(Ask("PUT", f"{REST}/experiments/search", body="x", status="405", shows="text/html"),),
        incidents=("R8",),
    ),
    Fault(
        name="proxy-errors-are-text",
        layer="proxy",
        seen="the proxy's own errors are text/plain, or have no body at all",
        change=part("proxy", json_replies=False, json_errors=False),
        symptoms=(Ask("GET", "/no/such/path", status="404", lacks="error_code"),),
        incidents=("R8",),
    ),
    Fault(
        name="errors-replaced-by-page",
        layer="proxy",
        seen="every error is the same HTML page, whatever went wrong",
        change=on(
            "proxy",
            When(status="[45].."),
            EditBody(r"(?s)\A.*\Z", _PAGE),
            SetHeader("Content-Type", "text/html", ANSWER),
        ),
        symptoms=(Ask("GET", _MISSING, status="404", shows="Something went wrong"),),
        incidents=("R8",),
    ),
    Fault(
        name="refusals-replaced-by-page",
        layer="proxy",
        seen="401 and 403 are an HTML page that does not say what is missing, while MLflow's own errors are JSON",
        change=on(
            "proxy",
            When(status="40[13]"),
            EditBody(r"(?s)\A.*\Z", _PAGE),
            SetHeader("Content-Type", "text/html", ANSWER),
        ),
        symptoms=(
            Ask("GET", SEARCH, key=None, status="401", shows="Something went wrong"),
            Ask("GET", _MISSING, status="404", shows="RESOURCE_DOES_NOT_EXIST"),
        ),
        incidents=("R8",),
    ),
    Fault(
        name="errors-told-as-success",
        layer="proxy",
        seen="errors come with status 200: clients take refusals for success",
        change=on("proxy", When(status="[45].."), SetStatus(200)),
        symptoms=(Ask("GET", _MISSING, status="200", shows="RESOURCE_DOES_NOT_EXIST"),),
        incidents=("R21",),
    ),
    Fault(
        name="refusals-told-as-outage",
        layer="proxy",
        seen="wrong parameters and missing objects are 500, and clients repeat them for minutes",
        change=on("mlflow", When(status="40[0349]"), SetStatus(500)),
        symptoms=(Ask("GET", _MISSING, status="500", shows="RESOURCE_DOES_NOT_EXIST"),),
        incidents=("R8",),
    ),
    Fault(
        name="missing-told-as-forbidden",
        layer="proxy",
        seen="403 for objects that do not exist, with a key that has every right",
        change=on("proxy", When(status="404"), SetStatus(403)),
        symptoms=(Ask("GET", _MISSING, status="403", shows="RESOURCE_DOES_NOT_EXIST"),),
        incidents=("R5",),
    ),
    Fault(
        name="upstream-address-wrong",
        layer="proxy",
        seen="502 for every request with a key; MLflow itself is well",
        change=part("proxy", upstream="127.0.0.1:1"),
        symptoms=(Ask("GET", SEARCH, status="502"), Ask("GET", "/health", door="origin", key=None, status="200")),
        incidents=("R9", "N2"),
    ),
    Fault(
        name="upstream-address-told",
        layer="proxy",
        seen="502 that names an internal host and port",
        change=both(
            part("proxy", upstream="127.0.0.1:1"),
            on(
                "proxy",
                When(status="502"),
                EditBody(r"(?s)\A.*\Z", '{"detail": "connect to http://mlflow.registry.internal:5000 failed"}'),
            ),
        ),
        symptoms=(Ask("GET", SEARCH, status="502", shows=r"mlflow\.registry\.internal"),),
        incidents=("R9",),
    ),
    Fault(
        name="refusals-name-inner-address",
        layer="proxy",
        seen="401 and 404 answers name the host of the auth service in a header",
        change=on("proxy", When(status="4.."), SetHeader("X-Upstream", "http://10.2.3.4:8080/check", ANSWER)),
        symptoms=(Ask("GET", SEARCH, key=None, status="401", shows=r"10\.2\.3\.4"),),
        incidents=("R9",),
    ),
    Fault(
        name="stack-traces-told",
        layer="mlflow",
        seen="errors hold a stack trace, with the paths of the server's files",
        change=on(
            "server",
            When(status="4.."),
            EditBody(
                r'("message":\s*")', r"\1Traceback (most recent call last): File /opt/venv/site-packages/run.py: "
            ),
        ),
        symptoms=(Ask("GET", _MISSING, status="404", shows="Traceback"),),
    ),
    Fault(
        name="keys-echoed",
        layer="proxy",
        seen="every answer has the caller's key in a header, errors included",
        change=part("proxy", answer_headers=(("X-Debug-Authorization", "%REQ(AUTHORIZATION)%"),)),
        symptoms=(Ask("GET", SEARCH, status="200", shows="x-debug-authorization: Bearer"),),
    ),
    Fault(
        name="challenge-dropped",
        layer="proxy",
        seen="a 401 does not say how to authenticate",
        cause="challenge-missing",
        change=on("proxy", When(status="401"), SetHeader("WWW-Authenticate", None, ANSWER)),
        symptoms=(Ask("GET", SEARCH, key=None, status="401", lacks="www-authenticate"),),
    ),
    Fault(
        name="preflight-needs-key",
        layer="proxy",
        seen="browsers cannot call the API from an allowed page: the preflight is 401",
        cause="preflight-refused",
        change=on(
            "proxy",
            When(("OPTIONS",), header=("access-control-request-method", ".")),
            Answer(401, '{"error_code": "UNAUTHENTICATED", "message": "An API key is needed."}'),
        ),
        symptoms=(
            Ask(
                "OPTIONS",
                FILE,
                key=None,
                headers=(("Origin", "http://localhost"), ("Access-Control-Request-Method", "PUT")),
                status="401",
            ),
        ),
        incidents=("A12",),
    ),
)
