"""Options shared by sub-commands: the parts of a local stack, and the MLflow client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from registry_conformance.cli.problems import refuse

_AXES = {
    "store": ("moto|minio|versitygw|URL", "The S3 store of the stack."),
    "backend_store": ("sqlite|postgresql|mariadb", "The database of the stack's MLflow."),
    "mlflow": ("VERSION|WAY", "The stack's MLflow: a version (3.9.0), or a way to start it (gunicorn)."),
    "proxy": ("NAME[:FILE]", "The stack's proxy: nginx, haproxy, caddy, apache or none; FILE is your configuration."),
    "deployment": ("FOLDER", "A folder laid out like docker/; its files replace the shipped ones."),
    "proxy_image": ("IMAGE", "Your image as the proxy (--stack docker)."),
    "proxy_settings": ("FILE", "How the proxy image is configured; see docs/own-parts.md."),
    "mlflow_image": ("IMAGE", "Your image as MLflow (--stack docker)."),
    "mlflow_settings": ("FILE", "How the MLflow image is configured; see docs/own-parts.md."),
}


def with_axes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the parts of a stack, and ``--client``, to a sub-command."""
    for name, (metavar, words) in reversed(_AXES.items()):
        command = click.option(f"--{name.replace('_', '-')}", default="", metavar=metavar, help=words)(command)
    words = "The MLflow client's version, such as 2.22.5 (default: the installed one)."
    return click.option("--client", default="", metavar="VERSION", help=words)(command)


def given(values: Mapping[str, str], stack: str | None) -> dict[str, str]:
    """Return the options in pytest's form; reject parts of a stack if no stack is started."""
    told = {name.replace("_", "-"): value for name, value in values.items() if value}
    parts = [name for name in told if name != "client"]
    if parts and not stack:
        raise refuse(f"--{parts[0]}={told[parts[0]]}: needs a local stack: add --stack=embedded")
    return told
