"""What tests of safeguards ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_conformance.judge.clients import bucket as bucket_module
from registry_conformance.judge.live import holder
from tests.safeguards.doubles import Registry, Store, serving
from tests.safeguards.visit import Visit


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A run that made nothing yet."""
    registry, store = Registry(), Store()
    monkeypatch.setattr(bucket_module, "s3", lambda _: store)
    monkeypatch.setattr(holder, "PAUSES", (0.0, 0.0))
    with serving(registry) as url:
        yield Visit(registry, store, url, tmp_path)
