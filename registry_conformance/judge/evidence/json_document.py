"""A JSON answer whose missing fields are told as what they are: an answer that is not the one expected."""

from __future__ import annotations

from typing import Any, SupportsIndex

from registry_conformance.judge.mismatch import Mismatch


class Document(dict[str, Any]):
    """A JSON object; a field that it lacks raises what it was told to raise, in words."""

    def __init__(self, fields: dict[str, Any], whose: str, breach: type[Mismatch]) -> None:
        super().__init__({name: told(value, whose, breach) for name, value in fields.items()})
        self._whose, self._breach = whose, breach

    def __missing__(self, name: str) -> Any:
        raise self._breach(f"a field {name!r}", f"only {sorted(self)} in {self._whose}")


class Listing(list[Any]):
    """A JSON list; an item that it lacks raises what it was told to raise, in words."""

    def __init__(self, items: list[Any], whose: str, breach: type[Mismatch]) -> None:
        super().__init__(told(item, whose, breach) for item in items)
        self._whose, self._breach = whose, breach

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        try:
            return super().__getitem__(at)
        except (IndexError, TypeError):
            raise self._breach(f"an item {at!r}", f"a list of {len(self)} in {self._whose}") from None


def told(value: Any, whose: str, breach: type[Mismatch]) -> Any:
    """Return a JSON value whose objects and lists, at every depth, raise ``breach`` about ``whose``."""
    if isinstance(value, dict):
        return Document(value, whose, breach)
    return Listing(value, whose, breach) if isinstance(value, list) else value
