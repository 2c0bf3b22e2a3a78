"""The options that say what a stack of our own is made of, and which client registers: shared by sub-commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from registry_conformance.cli.problems import refuse

_AXES = {
    "store": ("moto|minio|URL", "The S3 store of that stack."),
    "backend_store": ("sqlite|postgresql|mariadb", "The database of its MLflow."),
    "mlflow": ("VERSION|WAY", "Its MLflow: another version, as 3.9.0, or another way to start it, as gunicorn."),
    "proxy": ("NAME[:FILE]", "Its proxy: nginx, haproxy, caddy, apache or none, with a configuration of yours."),
    "deployment": ("FOLDER", "A folder laid out as docker/: its files in the place of the shipped ones."),
    "proxy_image": ("IMAGE", "An image of yours as its proxy, with --stack docker."),
    "proxy_settings": ("FILE", "How that image is told where the other parts are."),
    "mlflow_image": ("IMAGE", "An image of yours as its MLflow, with --stack docker."),
    "mlflow_settings": ("FILE", "How that image is told where the other parts are."),
}


def with_axes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a sub-command the options of a stack's parts, and ``--client``."""
    for name, (metavar, words) in reversed(_AXES.items()):
        command = click.option(f"--{name.replace('_', '-')}", default="", metavar=metavar, help=words)(command)
    words = "The version of the MLflow client, as 2.22.5; the one that is installed if none is named."
    return click.option("--client", default="", metavar="VERSION", help=words)(command)


def given(values: Mapping[str, str], stack: str | None) -> dict[str, str]:
    """Return the options as pytest is given them; refuse parts of a stack where none of our own is started."""
    told = {name.replace("_", "-"): value for name, value in values.items() if value}
    parts = [name for name in told if name != "client"]
    if parts and not stack:
        raise refuse(f"--{parts[0]}={told[parts[0]]}: only a stack of our own has that: add --stack=embedded")
    return told
