"""Variables that the MLflow client reads as numbers are read before it is: it ends over what it cannot read."""

from __future__ import annotations

import pytest

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.usual_numbers import check_numbers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "2m"),
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1.5"),
        ("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "some"),
        ("MLFLOW_TRACKING_INSECURE_TLS", "yes"),
        ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", ""),
    ],
)
def test_a_variable_that_ends_the_client_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no number, or neither true nor false, is named with its variable."""
    monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentFileError, match=f"the environment variable {name}: the MLflow client ends over"):
        check_numbers()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", " 30 "),
        ("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0.5"),
        ("MLFLOW_TRACKING_INSECURE_TLS", "TRUE"),
    ],
)
def test_what_the_client_reads_is_passed(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the client itself reads as a number or as true is nothing to tell."""
    monkeypatch.setenv(name, value)
    check_numbers()
