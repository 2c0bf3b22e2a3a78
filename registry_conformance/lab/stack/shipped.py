"""The shipped files of the deployment (``docker/``), and the texts that replace some of them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import Deployment


def changed(deployment: Deployment, folder: str) -> dict[str, str]:
    """Return name -> text of the files of a ``docker/`` folder that a deployment replaces."""
    prefix = f"{folder}/"
    return {path.removeprefix(prefix): text for path, text in deployment.files if path.startswith(prefix)}


def of_folder(deployment: Deployment, folder: str) -> tuple[tuple[str, str], ...]:
    """Return the same as a comparable value, for the ``spec`` of a part."""
    return tuple(sorted(changed(deployment, folder).items()))


def copy_with(folder: str, others: Mapping[str, str], workdir: Path) -> Path:
    """Return a copy, below ``workdir``, of the shipped files of ``docker/FOLDER``, some with other texts.

    Each set of texts gets a new folder, so that no compiled file of another set is used.
    """
    digest = hashlib.sha256(repr(sorted(others.items())).encode()).hexdigest()[:12]
    place = workdir / f"source-{digest}"
    if not place.exists():
        shutil.copytree(DOCKER / folder, place, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in others.items():
            (place / name).write_text(text, encoding="utf-8")
    return place
