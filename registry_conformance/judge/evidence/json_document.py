"""A JSON answer whose missing fields are told as what they are: an answer that is not the one expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self, SupportsIndex

from registry_conformance.judge.mismatch import Mismatch


class Document(dict[str, Any]):
    """A JSON object; a field that it lacks raises what it was told to raise, in words."""

    def __init__(self, fields: dict[str, Any], whose: str, breach: type[Mismatch]) -> None:
        super().__init__({Text(name).of(whose, breach): told(value, whose, breach) for name, value in fields.items()})
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


class _Single:
    """A text or number that has neither fields nor items: who asks for one is told so, in words."""

    whose: str
    breach: type[Mismatch]

    def of(self, whose: str, breach: type[Mismatch]) -> Self:
        """Return itself, able to say whose it is."""
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


def told(value: Any, whose: str, breach: type[Mismatch]) -> Any:
    """Return a JSON value whose objects, lists, texts and numbers, at every depth, raise ``breach`` about ``whose``."""
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
