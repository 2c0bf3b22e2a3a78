"""The user's own credential, from the MLflow client's sources, as a table of an environment file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry_conformance.judge.live.credentials_file import PASSWORD, USER, usual_password
from registry_conformance.judge.machine import variable
from registry_conformance.judge.target.credential import AwsSignature

KEY = "MLFLOW_TRACKING_TOKEN"
SIGV4, CERTIFICATE = "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_CLIENT_CERT_PATH"
HOW = f"set {KEY} to an API key, or {USER} and {PASSWORD}"
"""What to do if there is none."""


def usual_key() -> dict[str, Any]:
    """Return the table of the credential that the MLflow client would use, empty for none.

    Of several it is the one that the client prefers: a signature, then user and password, then the token. Secrets stay
    in their variables, or in the client's file of credentials; raises ``EnvironmentFileError`` if it cannot be read.
    """
    table: dict[str, Any] = {}
    if signs():
        table["sigv4"] = _signature()
    elif login := usual_password():
        table |= login
    elif _is_set(KEY):
        table["variable"] = KEY
    if _is_set(CERTIFICATE) and "sigv4" not in table:
        table["certificate"] = _given(CERTIFICATE)
    return table


def usual_certificate() -> Path | None:
    """Return the file of the client certificate that the MLflow client would offer."""
    return Path(_given(CERTIFICATE)) if _is_set(CERTIFICATE) else None


def usual_signature() -> AwsSignature | None:
    """Return the AWS keys with which the MLflow client would sign, ``None`` if it signs nothing or has no keys."""
    access, secret = _given("AWS_ACCESS_KEY_ID"), _given("AWS_SECRET_ACCESS_KEY")
    if not (signs() and access and secret):
        return None
    return AwsSignature(_region(), access, secret, _given("AWS_SESSION_TOKEN"))


def signs() -> bool:
    """Return whether the MLflow client signs each request with AWS keys, and sends nothing else."""
    return _given(SIGV4).lower() in ("1", "true", "yes")


def _region() -> str:
    return _given("AWS_REGION") or _given("AWS_DEFAULT_REGION") or "us-east-1"


def _signature() -> dict[str, Any]:
    names = {
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
    }
    secrets = {entry: {"variable": name} for entry, name in names.items() if entry != "session_token" or _is_set(name)}
    return {"region": _region(), **secrets}


def _given(name: str) -> str:
    return (variable(name) or "").strip()


def _is_set(name: str) -> bool:
    return bool(_given(name))
