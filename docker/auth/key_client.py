"""The client of the key service: one question per key and cache time, and a strict reading of the answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import httpx
from denials import invalid_key, throttled, unavailable

LARGEST_ANSWER = 64 * 1024
LARGEST_CACHE = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a key belongs to, as the key service said."""

    key_id: str
    user_id: str
    scopes: tuple[str, ...]


class KeyClient:
    """Asks the key service who a key belongs to, over pooled connections.

    Accepted answers are believed for ``cache`` seconds, refusals never. Callers that ask about one key at the same
    time share one question.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, service_id: str, *, timeout: float, cache: float) -> None:
        self._http = http
        self._url = f"{url}/api/v1/keys/validate"
        self._service_id = service_id
        self._timeout = timeout
        self._cache = cache
        self._believed: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Identity]] = {}

    async def identify(self, key: str, client_ip: str) -> Identity:
        """Return whom ``key`` belongs to; raise a ``Denial``: 401, 429, or 503 for anything but a clear answer."""
        digest = hashlib.sha256(key.encode()).digest()
        expiry, identity = self._believed.get(digest, (0.0, None))
        if identity and time.monotonic() < expiry:
            return identity
        question = self._asking.get(digest)
        if question is None:
            question = asyncio.create_task(self._ask_and_keep(digest, key, client_ip))
            self._asking[digest] = question
            question.add_done_callback(lambda _: self._asking.pop(digest, None))
        # Shielded: one caller that leaves must not take the answer from the others.
        return await asyncio.shield(question)

    async def _ask_and_keep(self, digest: bytes, key: str, client_ip: str) -> Identity:
        asked = time.monotonic()
        self._believed.pop(digest, None)
        try:
            async with asyncio.timeout(self._timeout):
                status, headers, body = await self._post(key, client_ip)
        except TimeoutError as problem:
            raise unavailable("key service too slow") from problem
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise unavailable(f"key service unreachable: {type(problem).__name__}") from problem
        identity = self._read(status, headers, body)
        if self._cache > 0:
            self._believed[digest] = (asked + self._cache, identity)
            if len(self._believed) > LARGEST_CACHE:
                self._believed.popitem(last=False)
        return identity

    async def _post(self, key: str, client_ip: str) -> tuple[int, httpx.Headers, bytes]:
        question = {"service_id": self._service_id, "client_ip": client_ip}
        headers = {"Authorization": f"Bearer {key}"}
        body = bytearray()
        async with self._http.stream("POST", self._url, json=question, headers=headers) as answer:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise unavailable("key service talks nonsense: answer too large")
        return answer.status_code, answer.headers, bytes(body)

    def _read(self, status: int, headers: httpx.Headers, body: bytes) -> Identity:
        if status == 401:
            raise invalid_key("key service refuses the key")
        if status == 429:
            raise throttled(headers.get("retry-after"))
        if status != 200:
            raise unavailable(f"key service answers {status}")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as problem:
            raise unavailable("key service talks nonsense: no JSON") from problem
        return self._identity(answer)

    def _identity(self, answer: Any) -> Identity:
        if not isinstance(answer, dict) or not isinstance(answer.get("is_valid"), bool):
            raise unavailable("key service talks nonsense: no is_valid")
        if not answer["is_valid"]:
            raise invalid_key("key service says the key is not valid")
        service_id, scopes = answer.get("service_id"), answer.get("scopes")
        if not isinstance(service_id, str):
            raise unavailable("key service talks nonsense: no service_id")
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            raise unavailable("key service talks nonsense: no list of scopes")
        if service_id != self._service_id:
            raise invalid_key("key belongs to another service")
        return Identity(_name(answer, "key_id"), _name(answer, "user_id"), tuple(scopes))


def _name(answer: dict[str, Any], field: str) -> str:
    """Return a field that can stand in a header: printable ASCII, at most 256 characters, no space around it."""
    value = answer.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= 256 or value != value.strip():
        raise unavailable(f"key service talks nonsense: no {field}")
    if not (value.isascii() and value.isprintable()):
        raise unavailable(f"key service talks nonsense: {field} is not printable ASCII")
    return value
