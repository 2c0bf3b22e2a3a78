"""Faults of a developer's own machine: what is set there, and what is missing."""

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
        cause="an entry for the host in ~/.netrc replaces the token by a user name and password",
        remedy="remove the host's entry from ~/.netrc, or set NETRC to a file without it",
        requirements=("REG-001",),
        change=part("client", netrc="machine {host} login someone password left-over\n"),
        symptoms=(Walks("401|UNAUTHENTICATED|API key"),),
        incidents=("A18",),
    ),
    Fault(
        name="token-not-exported",
        layer="client",
        seen="the MLflow client is 401 at its first request, the same key by curl is 200",
        cause="MLFLOW_TRACKING_TOKEN is set in the shell and not exported to the program",
        remedy="export MLFLOW_TRACKING_TOKEN, and have the program say which variables are set, not their values",
        requirements=("REG-001",),
        change=part("client", variables=(("MLFLOW_TRACKING_TOKEN", ""),)),
        symptoms=(Walks("401|UNAUTHENTICATED|API key"),),
        incidents=("C2",),
    ),
    Fault(
        name="basic-password-beside-token",
        layer="client",
        seen="the MLflow client is 401 though the right token is set",
        cause="MLFLOW_TRACKING_USERNAME and _PASSWORD are set as well: they win over the token",
        remedy="unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        requirements=("REG-001",),
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
        cause="HTTP_PROXY names a proxy that is gone",
        remedy="unset HTTP_PROXY and HTTPS_PROXY, or add the registry's host to NO_PROXY",
        requirements=("REG-001",),
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
        cause="MLFLOW_TRACKING_URI ends in the API's own path, which the client adds once more",
        remedy="set MLFLOW_TRACKING_URI to the door, without /api/2.0/mlflow",
        requirements=("REG-001",),
        change=part("client", variables=(("MLFLOW_TRACKING_URI", "{url}/api/2.0/mlflow"),)),
        symptoms=(Walks("404|ENDPOINT_NOT_FOUND"),),
        incidents=("R3",),
    ),
    Fault(
        name="tracking-into-local-files",
        layer="client",
        seen="the script is green, and nothing is registered",
        cause="MLFLOW_TRACKING_URI is a folder: the client tracks into local files",
        remedy="set MLFLOW_TRACKING_URI to the door, and have the script fail where it is no http(s) URL",
        requirements=("REG-002", "REG-003", "REG-004", "REG-011", "REG-013"),
        change=part("client", variables=(("MLFLOW_TRACKING_URI", "sqlite:///mock.db"),)),
        symptoms=(Walks("^$"), Ask("GET", _MODELS_LIKE_THIS, status="200", lacks='"name"')),
        incidents=("C3",),
    ),
    Fault(
        name="client-trusts-another-authority",
        layer="client",
        seen="the MLflow client refuses the registry's certificate, a browser does not",
        cause="MLFLOW_TRACKING_SERVER_CERT_PATH names a bundle without the authority of the registry",
        remedy="set MLFLOW_TRACKING_SERVER_CERT_PATH to a bundle that holds the registry's authority, or unset it",
        requirements=("OPS-028",),
        change=part("client", variables=(("MLFLOW_TRACKING_SERVER_CERT_PATH", "/no/such/bundle.pem"),)),
        symptoms=(Walks("bundle|CERTIFICATE|certificate", door="secure"),),
        incidents=("N1",),
    ),
    Fault(
        name="given-key-may-only-read",
        layer="client",
        seen="searching works, and the first thing that a client makes is refused with 403",
        cause="the key that this client was given is a reader's",
        remedy="have the client be given a writer's key; who may write is told by the key's scopes at the key service",
        requirements=("REG-001",),
        change=part("client", key="reader"),
        symptoms=(Walks("PERMISSION_DENIED|lacks the right"),),
    ),
    Fault(
        name="given-key-has-expired",
        layer="client",
        seen="this client is 401 for everything, others are not",
        cause="the key that this client was given has expired, or was revoked",
        remedy="have a new key issued, and put it where the client takes its token from",
        requirements=("REG-001", "RCH-005"),
        change=part("client", key="expired"),
        symptoms=(Ask("GET", SEARCH, status="401"), Ask("GET", SEARCH, key="reader", status="200")),
    ),
)
