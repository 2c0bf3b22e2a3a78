"""Faults of the proxy's routes at all doors: families that are missing, shadowed, or sent elsewhere."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer, Rewrite, When
from registry_conformance.lab.faults.change import adding, on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import AJAX, FILE, FOLDER, MULTIPART, PRESIGNED, SEARCH, SERVER
from registry_conformance.lab.faults.symptom import Ask

_PAGE = "<!doctype html><title>Sign in</title><form action='/login'><input name='email'></form>"

FAULTS = (
    Fault(
        name="artifact-route-missing",
        layer="proxy",
        seen="metadata works, every artifact upload is answered 404",
        change=adding("proxy", "unrouted", "artifacts"),
        symptoms=(Ask("PUT", FILE, body="x", status="404"),),
        incidents=("R1",),
    ),
    Fault(
        name="presigned-route-missing",
        layer="proxy",
        seen="uploads work, every download by the MLflow client fails with 404",
        change=adding("proxy", "unrouted", "presigned"),
        symptoms=(
            Ask("PUT", FILE, body="x", status="200"),
            Ask("GET", PRESIGNED, status="404", shows="ENDPOINT_NOT_FOUND"),
        ),
        incidents=("R22",),
    ),
    Fault(
        name="multipart-route-missing",
        layer="proxy",
        seen="small models upload, those of 500 MiB and more fail with 404",
        change=adding("proxy", "unrouted", "multipart"),
        symptoms=(Ask("POST", MULTIPART, body='{"path": "file", "num_parts": 1}', status="404"),),
        incidents=("R1",),
    ),
    Fault(
        name="rest-route-missing",
        layer="proxy",
        seen="the user interface works, every client gets 404",
        change=adding("proxy", "unrouted", "rest"),
        symptoms=(
            Ask("GET", SEARCH, status="404", shows="ENDPOINT_NOT_FOUND"),
            Ask("GET", f"{AJAX}/experiments/search?max_results=1", status="200"),
        ),
        incidents=("R17",),
    ),
    Fault(
        name="ajax-route-missing",
        layer="proxy",
        seen="clients work, the user interface loads and stays empty: its API is 404",
        change=adding("proxy", "unrouted", "ajax"),
        symptoms=(
            Ask("GET", f"{AJAX}/experiments/search?max_results=1", status="404"),
            Ask("GET", SEARCH, status="200"),
        ),
        incidents=("R17",),
    ),
    Fault(
        name="ajax-file-routes-missing",
        layer="proxy",
        seen="the browser shows runs, but neither files of logged models nor traces: 404",
        change=adding("proxy", "unrouted", "ajax-files", "ajax"),
        symptoms=(
            Ask("GET", f"{AJAX}/logged-models/m-1/artifacts/files?artifact_file_path=a", shows="ENDPOINT_NOT_FOUND"),
        ),
        incidents=("R17",),
    ),
    Fault(
        name="browser-download-route-missing",
        layer="proxy",
        seen="the user interface works, its download button gives 404",
        change=adding("proxy", "unrouted", "get-artifact"),
        symptoms=(Ask("GET", "/get-artifact?run_id=0&path=a", status="404", shows="ENDPOINT_NOT_FOUND"),),
        incidents=("R1", "R17"),
    ),
    Fault(
        name="graphql-route-missing",
        layer="proxy",
        seen="the run pages of the user interface stay empty: /graphql is 404",
        change=adding("proxy", "unrouted", "graphql"),
        symptoms=(Ask("POST", "/graphql", body="{}", status="404", shows="ENDPOINT_NOT_FOUND"),),
        incidents=("R17",),
    ),
    Fault(
        name="health-route-missing",
        layer="proxy",
        seen="load balancers take the deployment for dead: /health is 404, everything else works",
        change=adding("proxy", "unrouted", "health"),
        symptoms=(Ask("GET", "/health", status="404"), Ask("GET", SEARCH, status="200")),
        incidents=("R1",),
    ),
    Fault(
        name="version-route-missing",
        layer="proxy",
        seen="tools that compare versions get 404 for /version",
        change=adding("proxy", "unrouted", "version"),
        symptoms=(Ask("GET", "/version", status="404"), Ask("GET", SEARCH, status="200")),
        incidents=("R1",),
    ),
    Fault(
        name="user-interface-route-missing",
        layer="proxy",
        seen="clients work, the browser gets 404",
        change=adding("proxy", "unrouted", "ui"),
        symptoms=(Ask("GET", "/", status="404"), Ask("GET", SEARCH, status="200")),
        incidents=("R17",),
    ),
    Fault(
        name="page-files-shadowed",
        layer="proxy",
        seen="the browser shows an empty page: its scripts are 404",
        change=on("proxy", When(path="/static-files/"), Answer(404, "Not Found", "text/plain")),
        symptoms=(Ask("GET", "/static-files/favicon.ico", status="404"), Ask("GET", "/", status="200")),
        incidents=("R17",),
    ),
    Fault(
        name="routes-of-mlflow-2",
        layer="proxy",
        seen="runs and registry work, logging a model fails with 404 text/plain",
        change=on("proxy", When(path=r"api/3\.0/|/mlflow/logged-models"), Answer(404, "Not Found", "text/plain")),
        symptoms=(
            Ask("GET", SERVER, status="404", shows=r"text/plain[\s\S]*Not Found"),
            Ask("GET", SEARCH, status="200"),
        ),
        incidents=("C1", "R1"),
    ),
    Fault(
        name="api-3-sent-to-api-2",
        layer="proxy",
        seen="metadata works, routes under /api/3.0 are a 404 that names MLflow's own error page",
        change=on("mlflow", When(path=r"^/(ajax-)?api/3\.0/"), Rewrite(r"^/(ajax-)?api/3\.0/", r"/\1api/2.0/")),
        symptoms=(Ask("GET", SERVER, status="404"), Ask("GET", SEARCH, status="200")),
        incidents=("C1",),
    ),
    Fault(
        name="catch-all-outranks-door",
        layer="proxy",
        seen='404 {"detail": "Not Found"} under /api, whatever the key; /mlflow works',
        change=on("proxy", When(path="^/api/"), Answer(404, '{"detail": "Not Found"}')),
        symptoms=(
            Ask("GET", SEARCH, status="404", shows='"detail"'),
            Ask("GET", SEARCH, door="documented", status="200"),
        ),
        incidents=("R5",),
    ),
    Fault(
        name="page-answers-artifact-routes",
        layer="proxy",
        seen="uploads succeed and nothing is stored: every artifact path answers 200 with a login page",
        change=on("proxy", When(path="/mlflow-artifacts/"), Answer(200, _PAGE, "text/html")),
        symptoms=(Ask("GET", FOLDER, status="200", shows="text/html"),),
        incidents=("R21",),
    ),
    Fault(
        name="login-redirect",
        layer="proxy",
        seen="every artifact request is a 302 to a login page",
        change=on("proxy", When(path="/mlflow-artifacts/"), Answer(302, "", headers=(("Location", "/login?next=/"),))),
        symptoms=(Ask("PUT", FILE, body="x", status="302", shows="location: /login"),),
        incidents=("R21",),
    ),
    Fault(
        name="trailing-slash-appended",
        layer="proxy",
        seen="404 HTML pages, turned into JSON, for every API route; / itself works",
        change=on("mlflow", When(), Rewrite(r"^([^?]*[^?/])(?=\?|$)", r"\1/")),
        symptoms=(Ask("GET", SEARCH, status="404"), Ask("GET", "/", status="200")),
        incidents=("R3",),
    ),
)
