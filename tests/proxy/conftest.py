"""One running set of proxy, auth service, key service and echo origin for all tests of the proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.parts import KEYS, Parts, parts_running


class Ask:
    """Asks through the proxy, as a writer unless told otherwise."""

    def __init__(self, parts: Parts, client: httpx.Client) -> None:
        self.parts = parts
        self._client = client

    def __call__(self, method: str, path: str, key: str | None = "writer", **options: Any) -> httpx.Response:
        """Return the answer; ``key`` names one of ``KEYS``, sent as a bearer token."""
        headers = {"Authorization": f"Bearer {KEYS[key]}"} if key else {}
        return self._client.request(
            method, self.parts.url("proxy") + path, headers={**headers, **options.pop("headers", {})}, **options
        )


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """All parts, running."""
    with parts_running(tmp_path_factory.mktemp("parts")) as running:
        yield running


@pytest.fixture
def ask(parts: Parts) -> Iterator[Ask]:
    """A client of the proxy that keeps nothing from other tests."""
    yield Ask(parts, parts.http)


@pytest.fixture
def answering(parts: Parts) -> Iterator[Parts]:
    """The parts, for a test that has the key service answer wrongly; put right afterwards."""
    yield parts
    parts.answer()
