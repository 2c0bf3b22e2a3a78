"""Variables of the user's own MLflow client that it reads as numbers or as true and false: it ends over others."""

from __future__ import annotations

from collections.abc import Callable

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.machine import variable

_WHOLE = (
    "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR",
    "MLFLOW_HTTP_POOL_CONNECTIONS", "MLFLOW_HTTP_POOL_MAXSIZE", "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT",
    "MLFLOW_DOWNLOAD_CHUNK_TIMEOUT", "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE",
    "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE",
)  # fmt: skip
_BOUNDS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": (1, 10**9),
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": (0, 10),
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": (0, 120),
}
"""The least and the most that the client takes; it ends over others before it sends anything."""
_LIMITS = ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES")
_DECIMAL = ("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER",)
_TRUE_OR_FALSE = (
    "MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER",
    "MLFLOW_HTTP_TCP_KEEPALIVE", "MLFLOW_ENABLE_MULTIPART_UPLOAD", "MLFLOW_ENABLE_MULTIPART_DOWNLOAD",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD",
)  # fmt: skip
_BOOLEANS = frozenset({"true", "false", "1", "0"})


def check_numbers() -> None:
    """Raise ``EnvironmentFileError`` for a variable that ends the MLflow client (``mlflow.environment_variables``)."""
    for names, reads, wanted in (
        (_WHOLE, int, "a whole number, without a unit: seconds, bytes or times"),
        (_DECIMAL, float, "a number, without a unit"),
        (_TRUE_OR_FALSE, _boolean, "true, false, 1 or 0"),
    ):
        for name in names:
            _check(name, reads, wanted)


def client_limits() -> tuple[tuple[str, int], ...]:
    """Return the variables that bound how long and how often the user's own client tries, with what is set."""
    given = ((name, variable(name)) for name in _LIMITS)
    return tuple((name, int(number)) for name, number in given if number is not None)


def _check(name: str, reads: Callable[[str], float], wanted: str) -> None:
    given = variable(name)
    if given is None:
        return
    try:
        number = reads(given)
    except ValueError:
        raise EnvironmentFileError(
            f"the environment variable {name}: the MLflow client ends over {given[:80]!r} before it sends anything; "
            f"write {wanted}, or unset it"
        ) from None
    least, most = _BOUNDS.get(name, (number, number))
    if not least <= number <= most:
        raise EnvironmentFileError(
            f"the environment variable {name}: the MLflow client ends over {given[:80]!r} before it sends anything; "
            f"write a number from {least} to {most}, or unset it"
        )


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return text.lower() in ("true", "1")
