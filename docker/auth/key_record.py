"""The record of what the stand-in key service was asked: one JSON line a question, keys only as digests."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from key_store import StoreError
from starlette.datastructures import Headers

LONGEST_BODY = 2048
"""Bytes of a body that is not JSON which are kept."""

_WORD = re.compile(r"[^\s\"'`<>(){}\[\]&,;:=?]+")
_KEY_FIELDS = frozenset({"api_key", "apikey", "key", "token", "authorization"})


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """One question: where its key was found (``carrier``), the key's digest, and the body, parsed if it is JSON."""

    method: str
    path: str
    carrier: str
    digest: str
    body: Any
    key: str

    @classmethod
    def of(cls, method: str, path: str, headers: Headers, query: str, raw: bytes) -> Question:
        """Return the question that a request asks; a key is looked for in every place that one was ever sent in."""
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = raw[:LONGEST_BODY].decode("utf-8", "replace")
        carrier, key = _find(headers, query, body)
        return cls(method, path, carrier, digest_of(key) if key else "", body, key)


def _find(headers: Headers, query: str, body: Any) -> tuple[str, str]:
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() in ("bearer", "apikey") and value.strip():
        return f"authorization-{scheme.lower()}", value.strip()
    if headers.get("x-api-key"):
        return "x-api-key", headers["x-api-key"].strip()
    for name, value in body.items() if isinstance(body, dict) else ():
        if name.lower() in _KEY_FIELDS and isinstance(value, str):
            return "body", value
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name.lower() in _KEY_FIELDS and value:
            return "query", value
    return "none", ""


class Record:
    """The file that questions are appended to."""

    def __init__(self, path: Path) -> None:
        """Open the record; raise ``StoreError`` if it cannot be written."""
        self._path = path
        self._append("")

    def append(self, question: Question, status: int, known: Set[str]) -> None:
        """Append one line: what was asked, and the ``status`` of the answer; ``known`` are the digests of all keys."""
        line = {
            "time": time.time(),
            "method": question.method,
            "path": question.path,
            "carrier": question.carrier,
            "key_sha256": question.digest,
            "body": _without_keys(question.body, question.key, known),
            "status": status,
        }
        self._append(json.dumps(line) + "\n")

    def _append(self, text: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            raise StoreError(f"cannot write the record file: {problem.strerror}") from problem


def _without_keys(value: Any, key: str, known: Set[str]) -> Any:
    """Return ``value`` with the presented key, and every key that is known, replaced by its digest."""
    if isinstance(value, str):
        text = value.replace(key, f"[key {digest_of(key)}]") if key else value
        return _WORD.sub(lambda word: f"[key {d}]" if (d := digest_of(word[0])) in known else word[0], text)
    if isinstance(value, list):
        return [_without_keys(item, key, known) for item in value]
    if isinstance(value, dict):
        return {_without_keys(name, key, known): _without_keys(item, key, known) for name, item in value.items()}
    return value
