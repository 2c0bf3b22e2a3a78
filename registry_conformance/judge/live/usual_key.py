"""The user's own credential, from the MLflow client's sources, as a table of an environment file."""

from __future__ import annotations

from typing import Any

from registry_conformance.judge.machine import variable

KEY, USER, PASSWORD = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
SIGV4, CERTIFICATE = "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_CLIENT_CERT_PATH"
HOW = f"set {KEY} to an API key, or {USER} and {PASSWORD}"
"""What to do if there is none."""


def usual_key() -> dict[str, Any]:
    """Return the table of the credential that the MLflow client would use, empty for none.

    Of several it is the one that the client prefers: a signature, then user and password, then the token. Secrets stay
    in their variables.
    """
    table: dict[str, Any] = {}
    if _is_set(SIGV4) and _given(SIGV4).lower() in ("1", "true", "yes"):
        table["sigv4"] = _signature()
    elif _is_set(USER) and _is_set(PASSWORD):
        table |= {"user": _given(USER), "password": {"variable": PASSWORD}}
    elif _is_set(KEY):
        table["variable"] = KEY
    if _is_set(CERTIFICATE) and "sigv4" not in table:
        table["certificate"] = _given(CERTIFICATE)
    return table


def _signature() -> dict[str, Any]:
    names = {
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
    }
    secrets = {entry: {"variable": name} for entry, name in names.items() if entry != "session_token" or _is_set(name)}
    return {"region": _given("AWS_REGION") or _given("AWS_DEFAULT_REGION") or "us-east-1", **secrets}


def _given(name: str) -> str:
    return (variable(name) or "").strip()


def _is_set(name: str) -> bool:
    return bool(_given(name))
