"""The stand-in key service: the platform's contract, and a record without keys."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.parts import KEYS, keys_document, replace

key_app: Any = importlib.import_module("key_app")
StoreError: Any = importlib.import_module("key_store").StoreError

BODY = {"service_id": "platform", "client_ip": "192.0.2.7"}


class Keys:
    """A key service in this process."""

    def __init__(self, folder: Path) -> None:
        self.file, self.record = folder / "keys.json", folder / "record.jsonl"
        replace(self.file, keys_document())
        self.app = key_app.create_app(self.file, self.record)

    def ask(self, key: str | None, path: str = "/api/v1/keys/validate", **options: Any) -> httpx.Response:
        """Return the answer about a key; ``json`` is ``BODY`` unless given."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}

        async def run() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://keys") as client:
                asked = options if {"json", "content"} & set(options) else {**options, "json": BODY}
                return await client.post(path, **{"headers": headers, **asked})

        return asyncio.run(run())

    def last(self) -> dict[str, Any]:
        """Return the last line of the record."""
        line: dict[str, Any] = json.loads(self.record.read_text().splitlines()[-1])
        return line


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """A key service that knows ``KEYS``."""
    return Keys(tmp_path)


def test_a_good_key_is_described(keys: Keys) -> None:
    """A good key is described."""
    answer = keys.ask(KEYS["reader"])
    assert answer.status_code == 200
    assert answer.json() == {
        "is_valid": True,
        "key_id": "id-reader",
        "user_id": "user-reader",
        "service_id": "platform",
        "scopes": ["mlflow:read"],
        "rate_limit_per_hour": 1000,
    }


@pytest.mark.parametrize(
    ("key", "status"), [("expired", 401), ("revoked", 401), ("other", 401), ("throttled", 429), ("reader", 200)]
)
def test_each_state_has_its_status(keys: Keys, key: str, status: int) -> None:
    """Each state has its status."""
    answer = keys.ask(KEYS[key])
    assert (answer.status_code, "detail" in answer.json()) == (status, status != 200)
    assert ("retry-after" in answer.headers) == (status == 429)
    assert keys.last()["status"] == status


def test_an_unknown_key_no_key_and_a_wrong_service_are_401(keys: Keys) -> None:
    """An unknown key no key and a wrong service are 401."""
    assert keys.ask("never-heard-of").status_code == 401
    assert keys.ask(None).status_code == 401
    assert keys.ask(KEYS["reader"], json={**BODY, "service_id": "ml-platform"}).status_code == 401
    assert keys.ask(KEYS["other"], json={**BODY, "service_id": "another-service"}).status_code == 200


@pytest.mark.parametrize("asked", [{"json": []}, {"json": {}}, {"content": b"{"}, {"content": b"\xff"}], ids=str)
def test_a_malformed_question_is_422(keys: Keys, asked: dict[str, Any]) -> None:
    """A malformed question is 422."""
    assert keys.ask(KEYS["reader"], **asked).status_code == 422


def test_the_file_is_read_again_when_it_changes(keys: Keys) -> None:
    """The file is read again when it changes."""
    fixed = {"status": 418, "body": "tea", "content_type": "text/x", "headers": [["a", "1"], ["a", "2"]], "delay": 0}
    replace(keys.file, keys_document(fixed))
    answer = keys.ask(KEYS["reader"])
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (418, "tea", "text/x")
    assert answer.headers.get_list("a") == ["1", "2"]
    replace(keys.file, keys_document())
    assert keys.ask(KEYS["reader"]).status_code == 200


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"keys": {"a": {}}}', '{"keys": {"a": {"state": "x"}}}'])
def test_a_damaged_file_is_said_at_start_and_survived_later(keys: Keys, tmp_path: Path, text: str) -> None:
    """A damaged file is said at start and survived later."""
    replace(keys.file, text)
    answer = keys.ask(KEYS["reader"])
    assert answer.status_code == 500
    assert "keys file" in answer.json()["detail"]
    with pytest.raises(StoreError, match="keys file"):
        key_app.create_app(keys.file, tmp_path / "other.jsonl")
    replace(keys.file, keys_document())
    assert keys.ask(KEYS["reader"]).status_code == 200


def test_a_question_is_recorded_with_the_keys_digest(keys: Keys) -> None:
    """A question is recorded with the key's digest."""
    keys.ask(KEYS["reader"])
    line = keys.last()
    assert line.pop("time") > 0
    assert line == {
        "method": "POST",
        "path": "/api/v1/keys/validate",
        "carrier": "authorization-bearer",
        "key_sha256": hashlib.sha256(KEYS["reader"].encode()).hexdigest(),
        "body": BODY,
        "status": 200,
    }


SECRET = "not-known-to-anybody-7"


@pytest.mark.parametrize(
    ("carrier", "options"),
    [
        ("authorization-apikey", {"headers": {"Authorization": f"ApiKey {SECRET}"}}),
        ("x-api-key", {"headers": {"X-API-Key": SECRET}}),
        ("body", {"headers": {}, "json": {**BODY, "api_key": SECRET, "again": [SECRET, {SECRET: f"a {SECRET}."}]}}),
        ("query", {"headers": {}, "path": f"/api/v1/keys/validate?api_key={SECRET}"}),
        ("none", {"headers": {}}),
        ("none", {"headers": {}, "content": f"key: {KEYS['admin']} " + "x" * 9000}),
        ("authorization-bearer", {"headers": {"Authorization": f"Bearer {SECRET}"}, "json": {"x": KEYS["writer"]}}),
    ],
)
def test_the_carrier_is_recorded_and_no_key_is(keys: Keys, carrier: str, options: dict[str, Any]) -> None:
    """The carrier is recorded and no key is."""
    keys.ask(None, **options)
    assert keys.last()["carrier"] == carrier
    written = keys.record.read_text()
    assert SECRET not in written
    assert not [key for key in KEYS.values() if key in written]
    assert len(written) < 4096


def test_a_record_that_cannot_be_written_is_said_at_start(keys: Keys, tmp_path: Path) -> None:
    """A record that cannot be written is said at start."""
    with pytest.raises(StoreError, match="record"):
        key_app.create_app(keys.file, tmp_path / "nowhere" / "record.jsonl")
