"""Programs of this machine that a stack is made of, found on PATH."""

from __future__ import annotations

import shutil


def minio_path() -> str | None:
    """Return where the ``minio`` binary is, or ``None``."""
    return shutil.which("minio")
