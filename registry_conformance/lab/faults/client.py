"""Faults of a developer's machine: wrong and missing settings."""

from __future__ import annotations

from registry_conformance.lab.faults.change import part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import SEARCH
from registry_conformance.lab.faults.symptom import Ask, Walks

_DEAD = "http://127.0.0.1:9"


_MODELS_LIKE_THIS = "/api/2.0/mlflow/registered-models/search?max_results=1&filter=name%20LIKE%20%27%25{run}%27"

FAULTS = (
    Fault(
        name="netrc-overrides-token",
        layer="client",
        seen="the MLflow client is 401, the same key by curl is 200",
        change=part("client", netrc="machine {host} login someone password left-over\n"),
        symptoms=(Walks("401|UNAUTHENTICATED|API key"),),
        incidents=("A18",),
    ),
    Fault(
        name="token-not-exported",
        layer="client",
        seen="the MLflow client is 401 at its first request, the same key by curl is 200",
        change=part("client", variables=(("MLFLOW_TRACKING_TOKEN", ""),)),
        symptoms=(Walks("401|UNAUTHENTICATED|API key"),),
        incidents=("C2",),
    ),
    Fault(
        name="basic-password-beside-token",
        layer="client",
        seen="the MLflow client is 401 though the right token is set",
        change=part(
            "client", variables=(("MLFLOW_TRACKING_USERNAME", "someone"), ("MLFLOW_TRACKING_PASSWORD", "left-over"))
        ),
        symptoms=(Walks("401|UNAUTHENTICATED|API key"),),
        incidents=("A18",),
    ),
    Fault(
        name="client-behind-a-dead-proxy",
        layer="client",
        seen="the MLflow client cannot connect, curl with --noproxy can",
        change=part(
            "client",
            variables=(("HTTP_PROXY", _DEAD), ("http_proxy", _DEAD), ("NO_PROXY", ""), ("no_proxy", "")),
        ),
        symptoms=(Walks("(?i)proxy"),),
        incidents=("C5",),
    ),
    Fault(
        name="tracking-uri-with-api-path",
        layer="client",
        seen="the MLflow client is 404 for every request",
        change=part("client", variables=(("MLFLOW_TRACKING_URI", "{url}/api/2.0/mlflow"),)),
        symptoms=(Walks("404|ENDPOINT_NOT_FOUND"),),
        incidents=("R3",),
    ),
    Fault(
        name="tracking-into-local-files",
        layer="client",
        seen="the script is green, and nothing is registered",
        change=part("client", variables=(("MLFLOW_TRACKING_URI", "sqlite:///mock.db"),)),
        symptoms=(
            Walks("a path on the disk of whoever uploads"),
            Ask("GET", _MODELS_LIKE_THIS, status="200", lacks='"name"'),
        ),
        incidents=("C3",),
    ),
    Fault(
        name="client-trusts-another-authority",
        layer="client",
        seen="the MLflow client refuses the registry's certificate, a browser does not",
        change=part("client", variables=(("MLFLOW_TRACKING_SERVER_CERT_PATH", "/no/such/bundle.pem"),)),
        symptoms=(Walks("bundle|CERTIFICATE|certificate", door="secure"),),
        incidents=("N1",),
    ),
    Fault(
        name="given-key-may-only-read",
        layer="client",
        seen="searching works, and the first thing that a client makes is refused with 403",
        change=part("client", key="reader"),
        symptoms=(Walks("PERMISSION_DENIED|lacks the right"),),
    ),
    Fault(
        name="given-key-has-expired",
        layer="client",
        seen="this client is 401 for everything, others are not",
        change=part("client", key="expired"),
        symptoms=(Ask("GET", SEARCH, status="401"), Ask("GET", SEARCH, key="reader", status="200")),
    ),
)
