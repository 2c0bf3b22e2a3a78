"""The MinIO server as a local program, built from the same module as the store's image."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from registry_conformance.lab.images.build import BuildError
from registry_conformance.lab.images.recipe import RECIPES

MODULE = "github.com/minio/minio"
_TAIL = 8


def version() -> str:
    """Return the module version that the store's image pins."""
    pinned = re.search(r"(?m)^ARG MINIO=(\S+)$", (RECIPES["store"].context / "Dockerfile").read_text())
    assert pinned, "docker/store/Dockerfile pins no MINIO"
    return pinned[1]


def install(folder: Path) -> Path:
    """Build the server into a folder and return its path; raise ``BuildError`` that says what is missing."""
    go = shutil.which("go")
    if go is None:
        raise BuildError("go is not installed: apt-get install golang-go")
    folder.mkdir(parents=True, exist_ok=True)
    stripped = ["-trimpath", "-ldflags", "-s -w"]
    settings = ["env", "CGO_ENABLED=0", "GOTOOLCHAIN=auto", f"GOBIN={folder.resolve()}"]
    command = [*settings, go, "install", *stripped, f"{MODULE}@{version()}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n  ".join(done.stderr.strip().splitlines()[-_TAIL:])
        raise BuildError(f"MinIO {version()} could not be built\n  {last}")
    return folder / "minio"
