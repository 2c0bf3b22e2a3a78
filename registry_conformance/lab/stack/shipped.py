"""The shipped files of the deployment (``docker/``), and other texts that a deployment has in their place."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import Deployment


def changed(deployment: Deployment, folder: str) -> dict[str, str]:
    """Return name -> text of the files of a folder below ``docker/`` that a deployment has otherwise than shipped."""
    prefix = f"{folder}/"
    return {path.removeprefix(prefix): text for path, text in deployment.files if path.startswith(prefix)}


def of_folder(deployment: Deployment, folder: str) -> tuple[tuple[str, str], ...]:
    """Return the same as a value that can be compared: what a part takes from the deployment."""
    return tuple(sorted(changed(deployment, folder).items()))


def copy_with(folder: str, others: Mapping[str, str], workdir: Path) -> Path:
    """Return a folder below ``workdir`` with the shipped files of ``docker/FOLDER``, some of them with other texts.

    It is a new one for each set of texts, so that nothing compiled before is taken for it.
    """
    digest = hashlib.sha256(repr(sorted(others.items())).encode()).hexdigest()[:12]
    place = workdir / f"source-{digest}"
    if not place.exists():
        shutil.copytree(DOCKER / folder, place, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in others.items():
            (place / name).write_text(text, encoding="utf-8")
    return place
