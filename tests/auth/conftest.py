"""An auth service in this process; the key service behind it is the real stand-in."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.parts import KEYS, keys_document, replace

settings: Any = importlib.import_module("settings")
service: Any = importlib.import_module("service")
key_app: Any = importlib.import_module("key_app")

READ, WRITE = "/api/2.0/mlflow/runs/get", "/api/2.0/mlflow/runs/create"
Headers = Sequence[tuple[str, str]]
RIGHT = {"is_valid": True, "key_id": "k", "user_id": "u", "service_id": "platform", "scopes": ["mlflow:read"]}
"""An answer of the key service that lets a reader in."""


class Auth:
    """An auth service and the key service behind it, in this process."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.answer()
        self.environment = {"AUTH_KEY_SERVICE_URL": "http://keys", "AUTH_CACHE_SECONDS": "0", **environment}
        self.keys = key_app.create_app(folder / "keys.json", folder / "record.jsonl")

    def answer(self, **fixed: Any) -> None:
        """Have the key service answer every question alike; nothing given: by its keys again."""
        defaults = {"status": 200, "body": "", "content_type": "application/json", "headers": [], "delay": 0}
        replace(self.folder / "keys.json", keys_document({**defaults, **fixed} if fixed else None))

    def asked(self) -> list[dict[str, Any]]:
        """Return the key service's record."""
        return [json.loads(line) for line in (self.folder / "record.jsonl").read_text().splitlines()]

    def many(self, *requests: tuple[str, str, Headers], at_once: bool = False) -> list[httpx.Response]:
        """Return the answers to (method, path, headers), asked of one service, in turn or at once."""

        async def run() -> list[httpx.Response]:
            app = service.create_app(settings.Settings.read(self.environment), httpx.ASGITransport(app=self.keys))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://auth/check")
            async with app.router.lifespan_context(app), client:
                asking = [client.request(method, path, headers=_encoded(headers)) for method, path, headers in requests]
                return list(await asyncio.gather(*asking)) if at_once else [await each for each in asking]

        return asyncio.run(run())

    def __call__(self, method: str, path: str, *headers: tuple[str, str], key: str = "") -> httpx.Response:
        """Return the answer to one question, with a key of ``KEYS`` as bearer where named."""
        bearer = [("Authorization", f"Bearer {KEYS[key]}")] if key else []
        return self.many((method, path, [*bearer, *headers]))[0]


def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]


def answered(answer: httpx.Response) -> tuple[int, str]:
    """Return status and error code of an answer in MLflow's form."""
    body = answer.json()
    assert set(body) == {"error_code", "message"}, body
    return answer.status_code, body["error_code"]


@pytest.fixture
def auth(tmp_path: Path) -> Auth:
    """An auth service that keeps no answer and waits 0.3 s at most."""
    return Auth(tmp_path, {"AUTH_TIMEOUT_SECONDS": "0.3"})
