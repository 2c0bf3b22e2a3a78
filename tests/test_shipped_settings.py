"""The stack gives its parts the settings that their images have (kind: a setting that only the judged stack had)."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any, cast

import yaml

from registry_conformance.lab.deployment import REFERENCE, Auth
from registry_conformance.lab.stack.mlflow import MLflowServer
from tests.parts import AUTH, ROOT

NEAR = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}
"""Settings that say where something is, or open it: each deployment has its own."""


def image_settings(part: str) -> dict[str, str]:
    """Return the variables that an image is built with."""
    text = (ROOT / "docker" / part / "Dockerfile").read_text().replace("\\\n", " ")
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"(?m)^ENV (.*)$", text))))


def compose_settings(part: str) -> dict[str, str]:
    """Return the variables that a part is started with by hand."""
    document: Any = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    return dict(document["services"][part]["environment"])


def test_server_has_the_settings_of_its_image() -> None:
    """MLflow has the settings on a stack of ours that it has in its image, as started by hand."""
    bucket = SimpleNamespace(access_key="a", secret_key="s", session_token="", endpoint="http://h")
    server = SimpleNamespace(
        layout=SimpleNamespace(bucket=bucket, addresses={}), _role={}, database_uri="sqlite:////data/mlflow.db"
    )
    told = MLflowServer.settings(cast(MLflowServer, server), REFERENCE)
    shipped = image_settings("mlflow") | compose_settings("mlflow")

    assert {name: value for name, value in told.items() if name not in NEAR} == {
        name: shipped.get(name) for name in told if name not in NEAR
    }
    assert {name for name in compose_settings("mlflow") if name not in NEAR} <= set(told)


def test_auth_service_has_its_own_defaults() -> None:
    """The auth service is told what it would do untold: the reference value is its defaults."""
    sys.path.insert(0, str(AUTH))
    try:
        from settings import Settings  # type: ignore[import-not-found]  # noqa: PLC0415 - a module of docker/auth
    finally:
        sys.path.remove(str(AUTH))
    untold, reference = Settings.read({"AUTH_KEY_SERVICE_URL": "http://keys"}), Auth()

    assert (untold.service_id, untold.timeout, untold.cache) == (
        reference.service_id,
        reference.timeout,
        reference.cache,
    )
    assert set(compose_settings("auth")) == {"AUTH_KEY_SERVICE_URL"}
