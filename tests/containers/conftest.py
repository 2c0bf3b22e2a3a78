"""The engine that the other tests must not see."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from registry_conformance.lab.images.engine import engine, is_ready
from tests.conftest import NO_ENGINE


@pytest.fixture(autouse=True)
def own_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's engine, with the images: without them there is nothing to test here."""
    engine.cache_clear()
    if os.environ.get("DOCKER_HOST") == NO_ENGINE:
        monkeypatch.delenv("DOCKER_HOST")
    if not is_ready():
        pytest.skip("no Docker engine has the images of the reference deployment: scripts/build-images")
    yield
    engine.cache_clear()
