"""Programs that some tests need and a machine may lack: a test without its program skips, but in CI it fails."""

from __future__ import annotations

import os

import pytest


def need(program: object, missing: str) -> None:
    """Skip the test if ``program`` is not there, with the command that brings it; fail instead if ``CI=true``."""
    if program:
        return
    assert os.environ.get("CI") != "true", missing
    pytest.skip(f"{missing}")
