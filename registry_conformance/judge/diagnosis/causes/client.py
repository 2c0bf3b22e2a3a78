"""Causes on the client's machine: wrong and missing settings."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must
from registry_conformance.judge.diagnosis.causes.follows import ALL

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="token-not-exported",
        layer="client",
        symptom="client",
        sentence="MLFLOW_TRACKING_TOKEN is set in the shell and not exported to the program",
        remedy="export MLFLOW_TRACKING_TOKEN, and have the program say which variables are set, not their values",
        requirements=("REG-001",),
        clues=(
            must("client.token.P", "not exported", 3),
            clue("key.bearer.P", "200"),
        ),
    ),
    Cause(
        id="basic-password-beside-token",
        layer="client",
        symptom="client",
        sentence="MLFLOW_TRACKING_USERNAME and _PASSWORD are set as well: they win over the token",
        remedy="unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        requirements=("REG-001",),
        clues=(
            must("client.basic.P", "set", 3),
            clue("key.bearer.P", "200"),
        ),
    ),
    Cause(
        id="netrc-overrides-token",
        layer="client",
        symptom="client",
        sentence="an entry for the host in ~/.netrc replaces the token by a user name and password",
        remedy="remove the host's entry from ~/.netrc, or set NETRC to a file without it",
        requirements=("REG-001",),
        clues=(
            must("client.netrc.P", "has the host", 3),
            clue("key.bearer.P", "200"),
        ),
    ),
    Cause(
        id="client-behind-a-dead-proxy",
        layer="client",
        symptom="client",
        sentence="HTTP_PROXY names a proxy that is gone",
        remedy="unset HTTP_PROXY and HTTPS_PROXY, or add the registry's host to NO_PROXY",
        requirements=("REG-001",),
        clues=(
            must("client.proxy.P", "set", 3),
            clue("key.bearer.P", "200"),
        ),
    ),
    Cause(
        id="tracking-uri-with-api-path",
        layer="client",
        symptom="client",
        sentence="MLFLOW_TRACKING_URI ends in the API's own path, which the client adds once more",
        remedy="set MLFLOW_TRACKING_URI to the door, without /api/2.0/mlflow",
        requirements=("REG-001",),
        clues=(
            must("client.uri.P", "an API path", 3),
            clue("key.bearer.P", "200"),
        ),
    ),
    Cause(
        id="tracking-into-local-files",
        layer="client",
        symptom="client",
        sentence="MLFLOW_TRACKING_URI is a folder: the client tracks into local files",
        remedy="set MLFLOW_TRACKING_URI to the door, and have the script fail where it is no http(s) URL",
        requirements=("REG-002", "REG-003", "REG-004"),
        clues=(
            must("client.uri.P", "no server", 3),
            clue("key.bearer.P", "200"),
        ),
    ),
    Cause(
        id="client-trusts-another-authority",
        layer="client",
        symptom="client",
        sentence="MLFLOW_TRACKING_SERVER_CERT_PATH names a bundle without the authority of the registry",
        remedy="set MLFLOW_TRACKING_SERVER_CERT_PATH to a bundle that holds the registry's authority, or unset it",
        requirements=("OPS-028",),
        clues=(
            must("client.authority.P", "(missing|another)", 3),
            clue("tls.handshake.P", "TLSv1"),
        ),
    ),
    Cause(
        id="given-key-may-only-read",
        layer="client",
        symptom="client",
        sentence="the key that this client was given is a reader's",
        remedy="have the client be given a writer's key; who may write is told by the key's scopes at the key service",
        requirements=("REG-001",),
        clues=(
            must("meta.create.P", "403 json PERMISSION_DENIED", 3),
            must("put.P", "403 json PERMISSION_DENIED"),
            must("meta.model.P", "403 json PERMISSION_DENIED"),
            must("doors.search.P", "all 200"),
            clue("route.rest-delete.P", "all 403 json PERMISSION_DENIED"),
        ),
        follows=ALL,
    ),
    Cause(
        id="given-key-has-expired",
        layer="client",
        symptom="client",
        sentence="the key that this client was given has expired, or was revoked",
        remedy="have a new key issued, and put it where the client takes its token from",
        requirements=("REG-001", "RCH-005"),
        clues=(
            must("doors.search.P", "all 401 json UNAUTHENTICATED", 3),
            must("reader.read.P", "200", 3),
            clue("key.bearer.P", "401 json UNAUTHENTICATED"),
            clue("key.x-api-key.P", "401 json UNAUTHENTICATED"),
            clue("key.apikey.P", "401 json UNAUTHENTICATED"),
        ),
        follows=ALL,
    ),
)
