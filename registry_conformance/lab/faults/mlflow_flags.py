"""Faults of MLflow's flags and environment, and of its process."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer, Delay, EditBody, OneAtATime, When
from registry_conformance.lab.faults.change import Change, both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import CREATE, FILE, FOLDER, PRESIGNED, SEARCH, SERVER
from registry_conformance.lab.faults.symptom import Ask, LogLine, Stores

_UPLOADED = Ask("PUT", FILE, body="x", status="200")
_NOT_KNOWN = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    "<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    "and try again.</p>\n"
)


def _started_with(**variables: str) -> Change:
    return part("mlflow", environment=tuple(variables.items()))


FAULTS = (
    Fault(
        name="mlflow-down",
        layer="mlflow",
        seen="502 for every request that reaches MLflow, health included; MLflow's client repeats for minutes",
        change=part("mlflow", up=False),
        symptoms=(Ask("GET", SEARCH, status="502"),),
        incidents=("R9", "C4"),
    ),
    Fault(
        name="no-artifact-destination",
        layer="mlflow",
        seen="uploads and downloads are 200, the bucket stays empty, and all is gone with the container",
        change=part("mlflow", destination=None),
        symptoms=(Ask("PUT", FILE, body="x"), Stores("{run}/file", present=False)),
        incidents=("S3",),
    ),
    Fault(
        name="artifacts-under-another-prefix",
        layer="mlflow",
        seen="everything works, and the objects lie where nobody looks for them",
        change=part("mlflow", destination="s3://{bucket}/elsewhere"),
        symptoms=(_UPLOADED, Stores("elsewhere/{run}/file")),
        incidents=("S9",),
    ),
    Fault(
        name="artifacts-not-served",
        layer="mlflow",
        seen="503 'Artifact serving is disabled' on every artifact route, metadata fine",
        change=part("mlflow", serve_artifacts=False),
        symptoms=(Ask("PUT", FILE, body="x", status="503"), Ask("GET", SEARCH, status="200")),
        incidents=("S4", "S22"),
    ),
    Fault(
        name="artifacts-only",
        layer="mlflow",
        seen="503 on every metadata route, artifacts fine",
        change=_started_with(_MLFLOW_SERVER_ARTIFACTS_ONLY="true"),
        symptoms=(Ask("GET", SEARCH, status="503"), _UPLOADED),
    ),
    Fault(
        name="static-prefix-set",
        layer="mlflow",
        seen="404 for the API at every door",
        change=_started_with(_MLFLOW_STATIC_PREFIX="/mlflow"),
        symptoms=(Ask("GET", f"/ajax-{SEARCH[1:]}", status="404"), _UPLOADED),
        incidents=("R4", "A20"),
    ),
    Fault(
        name="host-not-allowed",
        layer="mlflow",
        seen="403 'Invalid Host header' for every request, /health and /version fine",
        change=_started_with(MLFLOW_SERVER_ALLOWED_HOSTS="mlflow.internal:5000"),
        symptoms=(Ask("GET", SEARCH, status="403", shows="Invalid Host header"),),
        incidents=("R15",),
    ),
    Fault(
        name="security-middleware-off",
        layer="mlflow",
        seen="pages of any origin may use a browser's session, and may frame the user interface",
        change=_started_with(MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE="true"),
        symptoms=(Ask("GET", SEARCH, status="200", lacks="(?i)x-frame-options"),),
        incidents=("R25",),
    ),
    Fault(
        name="any-origin-allowed",
        layer="mlflow",
        seen="a foreign page's browser may call the API",
        change=_started_with(MLFLOW_SERVER_CORS_ALLOWED_ORIGINS="*"),
        symptoms=(
            Ask(
                "POST",
                CREATE,
                body='{"name": "{run}"}',
                headers=(("Origin", "https://elsewhere.test"), ("Content-Type", "application/json")),
                status="200",
            ),
        ),
        incidents=("R25",),
    ),
    Fault(
        name="store-endpoint-wrong",
        layer="mlflow",
        seen="metadata fine, every artifact route is 500 without a cause",
        change=_started_with(MLFLOW_S3_ENDPOINT_URL="http://127.0.0.1:9"),
        symptoms=(Ask("GET", f"{FOLDER}{{run}}", status="50.", patience=15.0), LogLine("mlflow", "127.0.0.1:9")),
        incidents=("S13",),
    ),
    Fault(
        name="presigned-ends-at-once",
        layer="mlflow",
        seen="downloads by users' clients fail with 403 from the store when a file takes its time",
        change=_started_with(MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS="1"),
        symptoms=(_UPLOADED, Ask("GET", PRESIGNED, status="200", shows='Expires=1(&|")')),
    ),
    Fault(
        name="presigned-lasts-a-week",
        layer="mlflow",
        seen="a presigned URL that leaked opens its artifact for a week",
        change=_started_with(MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS="604800"),
        symptoms=(_UPLOADED, Ask("GET", PRESIGNED, status="200", shows="Expires=604800")),
    ),
    Fault(
        name="database-in-the-container",
        layer="mlflow",
        seen="all works until MLflow restarts: then models, versions and runs are gone",
        change=part("mlflow", keeping=False),
        symptoms=(
            LogLine("mlflow", "(?i)creating initial MLflow database|Running upgrade"),
            Ask("GET", SEARCH, status="200"),
        ),
        incidents=("S2",),
        latent="all works until MLflow restarts",
    ),
    Fault(
        name="database-hangs",
        layer="mlflow",
        seen="metadata requests get no answer, at the origin neither; /health and /version are fine",
        change=on("server", When(path="/mlflow/"), Delay(120.0)),
        symptoms=(Ask("GET", SEARCH, status="none"), Ask("GET", "/version", status="200")),
        incidents=("N4",),
    ),
    Fault(
        name="one-request-at-a-time",
        layer="mlflow",
        seen="fine for one client, slower with each further one",
        change=both(on("server", When(), OneAtATime()), on("server", When(), Delay(0.7))),
        symptoms=(
            Ask("GET", SEARCH, status="200", slower=0.6),
            Ask("GET", "/version", door="origin", key=None, slower=0.6),
        ),
        incidents=("N4",),
    ),
    Fault(
        name="mlflow-of-an-older-version",
        layer="mlflow",
        seen="metadata works; logging a model with MLflow 3 is 404",
        change=both(
            on("server", When(path="/(api|ajax-api)/3.0/|/logged-models"), Answer(404, _NOT_KNOWN, "text/html")),
            on("server", When(path="^/version"), EditBody(r"^.*$", "2.22.1")),
        ),
        symptoms=(Ask("GET", SERVER, status="404"), Ask("GET", SEARCH, status="200")),
        incidents=("C1",),
    ),
    Fault(
        name="old-image-deployed",
        layer="mlflow",
        seen="the fix is merged, and the symptom is the same",
        change=on("server", When(path="^/version"), EditBody(r"^.*$", "3.16.0")),
        symptoms=(Ask("GET", "/version", status="200", shows="3.16.0"),),
        incidents=("N6",),
    ),
)
