"""Faults of the network around the proxy: connections that fail, hang, are slow, or repeat requests."""

from __future__ import annotations

from registry_conformance.lab.disturbance import (
    ANSWER,
    Answer,
    Break,
    Delay,
    EditBody,
    OneAtATime,
    SetHeader,
    SetStatus,
    Stall,
    Twice,
    When,
)
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import ADDRESS, CREATE, FILE, PRESIGNED, REST, SEARCH, VERSION
from registry_conformance.lab.faults.symptom import Acts, Ask

_FILES = "/mlflow-artifacts/artifacts/"
_RUNS = f"{REST}/runs"
_NAMED = '{"experiment_id": "0", "run_name": "{run}"}'
_BY_NAME = '{"experiment_ids": ["0"], "filter": "tags.mlflow.runName = \'{run}\'"}'
_TWO = '(?s)"run_name": *"{run}".*"run_name": *"{run}"'

FAULTS = (
    Fault(
        name="mlflow-name-unknown",
        layer="network",
        seen="502 for minutes after a deploy: the proxy does not find MLflow by its name",
        change=part("proxy", upstream="mlflow.example:5000"),
        symptoms=(Ask("GET", SEARCH, status="50[23]"), Ask("GET", "/health", door="origin", key=None, status="200")),
        incidents=("N2",),
    ),
    Fault(
        name="proxy-speaks-tls-to-plain-mlflow",
        layer="network",
        seen="502 for every request with a key; MLflow itself is well",
        change=part("proxy", upstream_tls=True),
        symptoms=(
            Ask("GET", SEARCH, status="502", patience=15.0),
            Ask("GET", "/health", door="origin", key=None, status="200"),
        ),
        incidents=("N1",),
    ),
    Fault(
        name="mlflow-packets-dropped",
        layer="network",
        seen="504 after the proxy's whole time for every request; nothing is refused",
        change=both(part("proxy", timeout=1.0, bytes_timeout=1.0), on("mlflow", When(), Answer(504, delay=3.0))),
        symptoms=(Ask("GET", SEARCH, status="504", slower=0.8),),
        incidents=("N3",),
    ),
    Fault(
        name="mlflow-connections-reset",
        layer="network",
        seen="502 at once for every request with a key",
        change=on("mlflow", When(), Break()),
        symptoms=(Ask("GET", SEARCH, status="502"), Ask("GET", VERSION, door="origin", key=None, status="200")),
        incidents=("N3",),
    ),
    Fault(
        name="clients-reset",
        layer="network",
        seen="the connection is reset before any answer, whatever is asked",
        change=on("proxy", When(), Break()),
        symptoms=(Ask("GET", VERSION, status="none"),),
        incidents=("N3", "C5"),
    ),
    Fault(
        name="large-packets-dropped",
        layer="network",
        seen="small requests work, bodies above some kilobytes hang and are reset",
        change=on("proxy", When(at_least=16_384), Stall(after=16_000, seconds=1.5)),
        symptoms=(Ask("PUT", FILE, body="x" * 20_000, status="none"), Ask("PUT", FILE, body="x", status="200")),
        incidents=("N3", "S13"),
    ),
    Fault(
        name="large-uploads-reset",
        layer="network",
        seen="uploads of more than some megabytes end in a reset connection",
        change=on("proxy", When(("PUT",), at_least=1 << 20), Break(after=1 << 19)),
        symptoms=(Ask("PUT", FILE, body="x" * (1 << 20), status="none"), Ask("PUT", FILE, body="x", status="200")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-broken-off",
        layer="network",
        seen="downloads break off after the first bytes",
        change=on("mlflow", When(("GET",), _FILES), Break(after=1, side=ANSWER)),
        symptoms=(Ask("PUT", FILE, body="wanted", status="200"), Ask("GET", FILE, lacks="wanted")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-stall",
        layer="network",
        seen="downloads begin and then nothing moves until the client gives up",
        change=on("proxy", When(("GET",), _FILES), Stall(after=1, side=ANSWER, seconds=2.0)),
        symptoms=(Ask("PUT", FILE, body="wanted", status="200"), Ask("GET", FILE, lacks="wanted", slower=1.5)),
        incidents=("S13",),
    ),
    Fault(
        name="every-request-slow",
        layer="network",
        seen="everything works and takes most of a second longer",
        change=on("mlflow", When(), Delay(0.7)),
        symptoms=(Ask("GET", VERSION, status="200", slower=0.7),),
        incidents=("A17",),
    ),
    Fault(
        name="requests-sent-twice",
        layer="proxy",
        seen="every creation fails: the thing exists already, though nobody made it before",
        cause="requests-done-twice",
        change=on("mlflow", When(("POST",), path="/create"), Twice()),
        symptoms=(Ask("POST", CREATE, body='{"name": "{run}"}', status="400", shows="RESOURCE_ALREADY_EXISTS"),),
        incidents=("N7",),
    ),
    Fault(
        name="lost-answers-retried",
        layer="proxy",
        seen="duplicate runs and versions, and creations that fail because the thing exists already",
        cause="requests-done-twice",
        change=both(
            part("proxy", retry_on="5xx,reset"),
            on(
                "mlflow",
                When(("POST",), path="/create$", header=("x-envoy-attempt-count", "^1$")),
                SetStatus(503),
            ),
        ),
        symptoms=(Ask("POST", CREATE, body='{"name": "{run}"}', status="400", shows="RESOURCE_ALREADY_EXISTS"),),
        incidents=("N7",),
    ),
    Fault(
        name="traffic-mirrored",
        layer="proxy",
        seen="every run appears twice, and names are taken at random",
        cause="requests-done-twice",
        change=part("proxy", mirrors=True),
        symptoms=(
            Ask("POST", f"{_RUNS}/create", body=_NAMED, status="200"),
            Ask("POST", f"{_RUNS}/search", body=_BY_NAME, status="200", shows=_TWO),
        ),
        incidents=("N7",),
    ),
    Fault(
        name="proxy-handles-one-at-a-time",
        layer="proxy",
        seen="while one client uploads, all others wait",
        change=on("proxy", When(), OneAtATime()),
        symptoms=(Ask("GET", VERSION, status="200"), Acts("proxy")),
        incidents=("N4", "S23"),
    ),
    Fault(
        name="presigned-host-unreachable",
        layer="proxy",
        seen="downloads hang or fail, though the same file comes through the proxy",
        change=on("proxy", When(("GET",), "/presigned/"), EditBody(ADDRESS, "http://127.0.0.1:1/")),
        symptoms=(Ask("PUT", FILE, body="x", status="200"), Ask("GET", PRESIGNED, status="200", shows="127.0.0.1:1/")),
        incidents=("R18", "S21"),
    ),
    Fault(
        name="answers-packed-unlabelled",
        layer="proxy",
        seen="JSON clients fail on binary answers when they accept gzip",
        change=both(part("proxy", compresses=True), on("proxy", When(), SetHeader("Content-Encoding", None, ANSWER))),
        symptoms=(Ask("GET", SEARCH, headers=(("Accept-Encoding", "gzip"),), status="200", lacks="experiments|gzip"),),
    ),
    Fault(
        name="plain-requests-redirected",
        layer="proxy",
        seen="301 for every request without TLS: a POST arrives as a GET, or not at all",
        change=part("proxy", redirects_to_tls=True),
        symptoms=(Ask("GET", SEARCH, status="301", shows="location: https://"),),
        incidents=("R6",),
    ),
)
