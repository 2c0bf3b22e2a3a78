"""Equivalent mutants, which no check can kill, each with the written reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from registry_conformance.proof.mutants.mutant import Mutant

FILE = Path(__file__).with_name("equivalent.toml")


class EquivalentError(ValueError):
    """The file of reasons is malformed; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the mutants whose place and change fully match two regexes are equivalent."""

    place: re.Pattern[str]
    how: re.Pattern[str]
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Return whether a mutant is one of these."""
        return bool(self.place.fullmatch(mutant.place) and self.how.fullmatch(mutant.how))


@cache
def reasons(file: Path = FILE) -> tuple[Reason, ...]:
    """Return the written reasons; raise ``EquivalentError``."""
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("equivalent", [])
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise EquivalentError(f"{file.name} cannot be read: {problem}") from problem
    return tuple(_reason(number, entry) for number, entry in enumerate(entries, 1))


def _reason(number: int, entry: Mapping[str, str]) -> Reason:
    if set(entry) != {"place", "how", "reason"} or not entry["reason"].strip():
        raise EquivalentError(f"{FILE.name}, entry {number}: it needs place, how and reason, and nothing else")
    try:
        return Reason(re.compile(entry["place"]), re.compile(entry["how"]), " ".join(entry["reason"].split()))
    except (TypeError, re.error) as problem:
        raise EquivalentError(f"{FILE.name}, entry {number}: {problem}") from problem


def reason_of(mutant: Mutant, known: Iterable[Reason]) -> str:
    """Return why a mutant is equivalent, empty if no reason is written."""
    return next((each.reason for each in known if each.covers(mutant)), "")
