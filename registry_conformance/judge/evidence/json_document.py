"""Untrusted JSON: parsed with limited depth; missing fields are reported as an unexpected response."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any, Self, SupportsIndex, TypeGuard
from urllib.parse import urlsplit

from registry_conformance.judge.mismatch import Mismatch

DEEPEST = 100
"""Objects and lists within one another that are read; MLflow's own answers have fewer than ten."""


class Document(dict[str, Any]):
    """A JSON object; a missing field raises the given error, in words."""

    def __init__(self, fields: dict[str, Any], whose: str, breach: type[Mismatch]) -> None:
        named = ((Text(name).of(whose, breach), value) for name, value in fields.items())
        super().__init__((name, checked_types(value, whose, breach)) for name, value in named)
        self._whose, self._breach = whose, breach

    def __missing__(self, name: str) -> Any:
        raise self._breach(f"a field {name!r}", f"only {sorted(self)} in {self._whose}")


class Listing(list[Any]):
    """A JSON list; a missing item raises the given error, in words."""

    def __init__(self, items: list[Any], whose: str, breach: type[Mismatch]) -> None:
        super().__init__(checked_types(item, whose, breach) for item in items)
        self._whose, self._breach = whose, breach

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        try:
            return super().__getitem__(at)
        except (IndexError, TypeError):
            raise self._breach(f"an item {at!r}", f"a list of {len(self)} in {self._whose}") from None


class _Single:
    """A text or number: asking it for a field or item raises the given error, in words."""

    whose: str
    breach: type[Mismatch]

    def of(self, whose: str, breach: type[Mismatch]) -> Self:
        """Return itself, with the name of its owner for messages."""
        self.whose, self.breach = whose, breach
        return self

    def get(self, name: str, default: object = None) -> Any:
        """Raise: only an object has fields."""
        del default
        raise self.breach(f"an object with a field {name!r}", f"{self!r:.100} in {self.whose}")


class Text(_Single, str):
    """A JSON text."""

    def __getitem__(self, at: SupportsIndex | slice | str) -> str:
        return str(self.get(at)) if isinstance(at, str) else super().__getitem__(at)


class Whole(_Single, int):
    """A JSON number without a fraction."""

    def __getitem__(self, at: object) -> Any:
        return self.get(str(at))

    def __iter__(self) -> Iterator[Any]:
        raise self.breach("a list", f"{self!r:.100} in {self.whose}")


def checked_types(value: Any, whose: str, breach: type[Mismatch]) -> Any:
    """Return a JSON value whose objects, lists, texts and numbers raise ``breach`` about ``whose`` at any depth."""
    match value:
        case dict():
            return Document(value, whose, breach)
        case list():
            return Listing(value, whose, breach)
        case str():
            return Text(value).of(whose, breach)
        case bool():
            return value
        case int():
            return Whole(value).of(whose, breach)
    return value


def parsed(text: str | bytes) -> Any:
    """Return a JSON value; raise ``ValueError`` if it is invalid, too deep, or has a number beyond float."""
    try:
        value = json.loads(text, parse_float=_finite, parse_int=_whole, parse_constant=_refused)
    except RecursionError:
        raise ValueError("objects and lists are nested too deep") from None
    opened = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if opened > DEEPEST and _is_deep(value):
        raise ValueError(f"objects and lists are nested more than {DEEPEST} deep")
    return value


def is_web_address(value: Any) -> TypeGuard[str]:
    """Return whether a value is an ``http`` or ``https`` URL with a host."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_deep(value: Any) -> bool:
    """Return whether a value is nested too deeply, without recursion."""
    layer = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for each in layer:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return False
        layer = below
    return any(isinstance(each, dict | list) for each in layer)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is larger than any number that can be held")
    return number


def _whole(text: str) -> int:
    if len(text) > sys.float_info.max_10_exp:
        raise ValueError(f"{text[:20]}... is a number of {len(text)} digits, which is more than can be held")
    return int(text)


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no JSON")
