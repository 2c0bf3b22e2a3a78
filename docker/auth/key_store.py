"""The keys that the stand-in key service knows: by digest, from a JSON file that is read again when it changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATES = ("active", "expired", "revoked", "throttled")


class StoreError(ValueError):
    """A file of the key service is unreadable or malformed; the message says which, never what a key is."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: whom it belongs to, for which service, with which scopes, in which state."""

    key_id: str
    user_id: str
    service_id: str
    scopes: tuple[str, ...]
    rate_limit_per_hour: int
    state: str

    def described(self) -> dict[str, object]:
        """Return what an answer says of the key."""
        return {
            "key_id": self.key_id,
            "user_id": self.user_id,
            "service_id": self.service_id,
            "scopes": list(self.scopes),
            "rate_limit_per_hour": self.rate_limit_per_hour,
        }


@dataclass(frozen=True, slots=True)
class FixedAnswer:
    """What every question is answered with instead, ``delay`` seconds later."""

    status: int
    body: str
    content_type: str
    headers: tuple[tuple[str, str], ...]
    delay: float


class KeyStore:
    """The keys file in memory: ``keys`` by the SHA-256 (hex) of each key, and the ``answer`` that overrides them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.keys: Mapping[str, Key] = {}
        self.answer: FixedAnswer | None = None
        self.refresh()

    @property
    def digests(self) -> frozenset[str]:
        """The digests of all known keys."""
        return frozenset(self.keys)

    def refresh(self) -> None:
        """Read the file again if it changed; raise ``StoreError`` and keep what was known if it cannot be read."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return
            document = json.loads(self._path.read_bytes())
        except OSError as problem:
            raise StoreError(f"cannot read the keys file: {problem.strerror}") from problem
        except ValueError as problem:
            raise StoreError("the keys file is not JSON") from problem
        try:
            keys = {digest: _key(entry) for digest, entry in document["keys"].items()}
            answer = document.get("answer")
            self.keys, self.answer = keys, None if answer is None else _answer(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise StoreError(f"the keys file is malformed: {type(problem).__name__}: {problem}") from problem
        self._seen = seen


def _key(entry: dict[str, Any]) -> Key:
    if entry["state"] not in STATES:
        raise ValueError(f"state is none of {', '.join(STATES)}")
    return Key(**{**entry, "scopes": tuple(entry["scopes"])})


def _answer(entry: dict[str, Any]) -> FixedAnswer:
    return FixedAnswer(
        status=int(entry["status"]),
        body=str(entry["body"]),
        content_type=str(entry["content_type"]),
        headers=tuple((str(name), str(value)) for name, value in entry["headers"]),
        delay=float(entry["delay"]),
    )
