"""Faults that let requests through without a key, or with more rights than theirs."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, EditBody, Remember, Rewrite, SetHeader, SetStatus, When
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import AJAX, FILE, FOLDER, MULTIPART, PRESIGNED, SEARCH, SERVER
from registry_conformance.lab.faults.symptom import Ask, Stores

_DOORS = "(?:/api/mlflow|/mlflow)?"
_JSON = (("Content-Type", "application/json"),)
_REFUSED = "nobody"
"""The user id that marks a request rejected by the auth service on the link to MLflow."""


def _open(name: str, path: str, seen: str, *symptoms: Ask) -> Fault:
    """Return a fault that exempts paths from authentication."""
    return Fault(
        name=name,
        layer="proxy",
        seen=seen,
        change=part("proxy", unguarded=(_DOORS + path,)),
        symptoms=(*symptoms, Ask("GET", SEARCH, key=None, status="401")),
        incidents=("A1", "A14"),
    )


FAULTS = (
    _open(
        "artifact-routes-open",
        "/(?:api|ajax-api)/2[.]0/mlflow-artifacts/artifacts",
        "anyone lists, reads, overwrites and deletes artifacts without a key; metadata is 401",
        Ask("GET", FOLDER, key=None, status="200"),
    ),
    _open(
        "multipart-routes-open",
        "/(?:api|ajax-api)/2[.]0/mlflow-artifacts/mpu",
        "anyone begins and completes multipart uploads without a key",
        Ask("POST", MULTIPART, key=None, headers=_JSON, body='{"path": "a", "num_parts": 1}', status="200"),
    ),
    _open(
        "presigned-route-open",
        "/(?:api|ajax-api)/2[.]0/mlflow-artifacts/presigned",
        "anyone obtains signed URLs to artifacts without a key",
        Ask("GET", PRESIGNED, key=None, status="404", shows="RESOURCE_DOES_NOT_EXIST"),
    ),
    _open(
        "browser-downloads-open",
        "(?:/model-versions)?/get-artifact",
        "anyone downloads artifacts by /get-artifact without a key",
        Ask("GET", "/get-artifact?run_id=0&path=a", key=None, status="[245](?!01).."),
    ),
    _open(
        "browser-api-open",
        "/ajax-api/",
        "all that /api/2.0 refuses without a key is open under /ajax-api",
        Ask("GET", f"{AJAX}/experiments/search?max_results=1", key=None, status="200"),
    ),
    _open(
        "graphql-open",
        "/graphql",
        "anyone reads runs and experiments by /graphql without a key",
        Ask("POST", "/graphql", key=None, headers=_JSON, body='{"query": "{__typename}"}', status="[245](?!01).."),
    ),
    _open(
        "api-3-open",
        "/(?:api|ajax-api)/3[.]0/",
        "routes under /api/3.0 answer without a key",
        Ask("GET", SERVER, key=None, status="200"),
    ),
    Fault(
        name="path-normalised-after-authentication",
        layer="proxy",
        seen="/static-files/../api/2.0/... is answered without a key",
        change=both(
            part("proxy", normalises=False, unguarded=(f"{_DOORS}/static-files/",)),
            on("mlflow", When(path=r"/\.\./"), Rewrite(r"/[^/?]+/\.\.(?=/)", "")),
        ),
        symptoms=(Ask("GET", f"/static-files/..{SEARCH}", key=None, status="200"),),
        incidents=("R20",),
    ),
    Fault(
        name="exemption-by-substring",
        layer="proxy",
        seen="any path with /health in it is answered without a key",
        change=part("proxy", unguarded=(".*/health",)),
        symptoms=(Ask("GET", f"{SEARCH}&a=/health", key=None, status="200"),),
        incidents=("R20", "A1"),
    ),
    Fault(
        name="health-open-to-every-method",
        layer="proxy",
        seen="POST, PUT, DELETE and PATCH of /health reach MLflow without a key",
        change=part("proxy", health_by_any_method=True),
        symptoms=(Ask("POST", "/health", key=None, status="405"),),
        incidents=("A1",),
    ),
    Fault(
        name="refused-requests-forwarded",
        layer="proxy",
        seen="an upload without a key is 401, and lies in the bucket all the same",
        change=both(
            on("auth", When(status="401"), SetStatus(200), SetHeader("X-Hokusai-User-Id", _REFUSED, ANSWER)),
            on(
                "mlflow",
                When(header=("x-hokusai-user-id", f"^{_REFUSED}$")),
                SetStatus(401),
                SetHeader("Content-Type", "application/json", ANSWER),
                SetHeader("WWW-Authenticate", 'Bearer realm="mlflow"', ANSWER),
                EditBody(r"(?s)\A.*\Z", '{"error_code": "UNAUTHENTICATED", "message": "An API key is required."}'),
            ),
        ),
        symptoms=(Ask("PUT", FILE, key=None, body="x", status="401"), Stores("{run}/file")),
        incidents=("A1",),
    ),
    Fault(
        name="auth-service-fails-open",
        layer="proxy",
        seen="while the auth service is down everyone is let in, without a key too",
        cause="no-authentication",
        requirements=("AUT-054", "AUT-055"),
        change=both(part("proxy", fails_open=True), part("auth", up=False)),
        symptoms=(Ask("GET", SEARCH, key=None, status="200"),),
        incidents=("A6", "A1"),
    ),
    Fault(
        name="auth-outage-told-as-bad-key",
        layer="proxy",
        seen="401 for every key while the auth service is down",
        change=both(part("proxy", status_on_error=401), part("auth", up=False)),
        symptoms=(Ask("GET", SEARCH, status="401"),),
        incidents=("A6",),
    ),
    Fault(
        name="answers-cached-across-users",
        layer="proxy",
        seen="one caller gets the answer that another got, without a key too",
        change=on("proxy", When(("GET",), path="/api/"), Remember()),
        symptoms=(Ask("GET", f"{SEARCH}&run={{run}}"), Ask("GET", f"{SEARCH}&run={{run}}", key=None, status="200")),
        incidents=("A13",),
    ),
)
