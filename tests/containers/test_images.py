"""The images: small rights, a health of their own, fixed versions, and nothing of the machine that built them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.lab.images.engine import engine
from registry_conformance.lab.images.machine import BuildSecrets
from registry_conformance.lab.images.recipe import RECIPES, USUAL


def settings(name: str) -> dict[str, Any]:
    """Return how containers of an image are made by default."""
    config: dict[str, Any] = engine().images.get(RECIPES[name].tag).attrs["Config"]
    return config


@pytest.mark.parametrize("name", USUAL)
def test_image_runs_as_nobody_and_tells_its_health(name: str) -> None:
    """Each image has a user that is not root, a health check, and labels that say what it is."""
    config = settings(name)

    assert config["User"] not in ("", "0", "root")
    assert config["Healthcheck"]["Test"]
    assert config["Labels"]["org.opencontainers.image.version"]
    assert config["Labels"]["org.opencontainers.image.title"]


@pytest.mark.parametrize("name", USUAL)
def test_no_layer_keeps_what_the_machine_is_configured_with(name: str, tmp_path: Path) -> None:
    """Neither the history nor a file of an image holds the machine's index, mirror or authorities."""
    secrets = BuildSecrets.gather(tmp_path).files
    history = str(engine().images.get(RECIPES[name].tag).history())
    lines = [line for file in ("pip", "go") for line in secrets[file].read_text().splitlines() if "://" in line]
    look = "cat /root/.config/pip/pip.conf /etc/pip.conf /root/.config/go/env 2>/dev/null; true"
    run = ["docker", "run", "--rm", "--network=none", "--user=0", "--entrypoint=sh", RECIPES[name].tag, "-c", look]
    kept = subprocess.run(run, capture_output=True, text=True, check=True).stdout

    assert [line for line in lines if line in history] == []
    assert kept == ""
