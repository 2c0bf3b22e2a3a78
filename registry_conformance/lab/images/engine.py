"""The Docker engine: whether it answers, and which images it has."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from registry_conformance.judge.locations import brought_by
from registry_conformance.judge.machine import variable
from registry_conformance.lab.images.recipe import RECIPES, USUAL

if TYPE_CHECKING:
    from docker import DockerClient

START = "sudo systemctl start docker"
BUILD = "scripts/build-images"
CLIENT = brought_by("lab")
_PATIENCE = 30
_UNIX = "unix://"
_USUAL_HOST = f"{_UNIX}/var/run/docker.sock" if os.name == "posix" else ""


class EngineError(RuntimeError):
    """No engine answers, or it lacks an image; the message has the command that fixes it."""


@functools.cache
def engine() -> DockerClient:
    """Return the engine's client; raise ``EngineError`` if no engine answers."""
    host = variable("DOCKER_HOST") or _USUAL_HOST
    if host.startswith(_UNIX) and not Path(host.removeprefix(_UNIX)).exists():  # known without the client
        raise EngineError(f"no Docker engine answers; start it: {START}")
    try:
        from docker.errors import DockerException  # noqa: PLC0415 - as below

        import docker  # noqa: PLC0415 - a fifth of a second that only this stack needs
    except ModuleNotFoundError as problem:
        raise EngineError(f"the client of Docker is not installed: {CLIENT}") from problem
    try:
        client = docker.from_env(timeout=_PATIENCE)
        client.ping()
    except (DockerException, OSError) as problem:
        raise EngineError(f"no Docker engine answers; start it: {START}") from problem
    return client


def ready(images: Iterable[str]) -> bool:
    """Return whether an engine answers and has all these images."""
    try:
        require(images)
    except EngineError:
        return False
    return True


def require(images: Iterable[str]) -> None:
    """Raise ``EngineError`` for the first image that the engine lacks; names are complete, with tags."""
    client = engine()
    from docker.errors import ImageNotFound  # noqa: PLC0415 - see engine()

    for image in images:
        try:
            client.images.get(image)
        except ImageNotFound as problem:
            ours = [recipe.name for recipe in RECIPES.values() if recipe.tag == image]
            what = "is not there, or is older than its source; build it" if ours else "is not there; fetch it"
            remedy = f"{BUILD} {ours[0]}" if ours else f"docker pull {image}"
            raise EngineError(f"the image {image} {what}: {remedy}") from problem


def is_ready() -> bool:
    """Return whether an engine answers and has the images of the reference deployment."""
    try:
        require(RECIPES[name].tag for name in USUAL)
    except EngineError:
        return False
    return True
