"""What each check covers, and what killed mutants before; recorded in a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("coverage.json")
SCHEMA = "mutants-coverage.v2"
_FEW = 0.1
_DROPPED = ("ran ", "header ")
"""Beginnings of tokens that are kept only if few cases, by share, touch them: what many touch distinguishes none."""


class CoverageError(ValueError):
    """The coverage file cannot be read; the message says what to do."""


@dataclass(slots=True)
class Coverage:
    """What is known about the check cases.

    ``seconds`` and ``tokens`` are by node id: the duration of a case, and the traffic on the links meanwhile
    (``families.py``). ``kills`` is a trait of mutants (``Mutant.traits``) -> check -> number of such mutants killed.
    ``usual`` are tokens that many cases touched when most of them were recorded: of a later case they are kept no more.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, frozenset[str]] = field(default_factory=dict)
    kills: dict[str, Counter[str]] = field(default_factory=dict)
    usual: set[str] = field(default_factory=set)

    def of_check(self, name: str) -> frozenset[str]:
        """Return what any case of a check covers."""
        found = (tokens for case, tokens in self.tokens.items() if case.partition("[")[0] == name)
        return frozenset().union(*found)

    def keep(self, cases: Set[str], checks: Set[str]) -> None:
        """Forget all but these cases, and the kills of all but these checks."""
        for known in (self.seconds, self.tokens):
            for name in known.keys() - cases:
                del known[name]
        for place, counts in list(self.kills.items()):
            self.kills[place] = Counter({name: count for name, count in counts.items() if name in checks})

    def learn(self, traits: Iterable[str], check: str) -> None:
        """Record that a check killed a mutant with these traits."""
        for trait in traits:
            self.kills.setdefault(trait, Counter())[check] += 1

    def learn_seconds(self, seconds: Mapping[str, float]) -> None:
        """Record how long cases took that passed on a mutant: no recorder's own time is in that."""
        self.seconds |= {case: spent for case, spent in seconds.items() if case in self.tokens}

    def telling(self) -> frozenset[str]:
        """Return the tokens that are kept: exchanges, and what few of the cases touch."""
        met = Counter(token for tokens in self.tokens.values() for token in tokens)
        most = max(1.0, _FEW * len(self.tokens))
        self.usual |= {token for token, count in met.items() if count > most and token.startswith(_DROPPED)}
        return frozenset(met.keys() - self.usual)

    def document(self) -> dict[str, Any]:
        """Return it as JSON: tokens by number, for they are few and cases are many."""
        names = sorted(self.telling())
        numbers = {name: number for number, name in enumerate(names)}
        cases: dict[str, list[float]] = {}
        for case, tokens in sorted(self.tokens.items()):
            kept = sorted(numbers[name] for name in tokens if name in numbers)
            cases[case] = [round(self.seconds.get(case, 0.0), 2), *kept]
        kills = {place: dict(sorted(counts.items())) for place, counts in sorted(self.kills.items())}
        return {"schema": SCHEMA, "tokens": names, "cases": cases, "kills": kills, "usual": sorted(self.usual)}


def read(file: Path = FILE) -> Coverage:
    """Return the recorded coverage, empty without a file; raise ``CoverageError`` if it is invalid."""
    if not file.exists():
        return Coverage()
    try:
        return _read(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as problem:
        raise CoverageError(
            f"{file}: not a record of {SCHEMA} ({problem}); `mutants record` makes it anew"
        ) from problem


def _read(document: Mapping[str, Any]) -> Coverage:
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']!r}")
    names: Sequence[str] = document["tokens"]
    kills = {place: Counter(counts) for place, counts in document["kills"].items()}
    found = Coverage(kills=kills, usual=set(document.get("usual", ())))
    for case, (seconds, *numbers) in document["cases"].items():
        found.seconds[case] = float(seconds)
        found.tokens[case] = frozenset(names[number] for number in numbers)
    return found


def write(coverage: Coverage, file: Path = FILE) -> None:
    """Write the record, one case a line, for small diffs."""
    document = coverage.document()
    parts = [f'"schema": {json.dumps(document["schema"])}']
    parts += [f'"{name}": {_lines(document[name])}' for name in ("tokens", "usual")]
    parts += [f'"{name}": {_pairs(document[name])}' for name in ("cases", "kills")]
    file.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


def _lines(values: Iterable[str]) -> str:
    return "[" + ",\n".join(json.dumps(value) for value in values) + "]"


def _pairs(values: Mapping[str, Any]) -> str:
    return "{" + ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()) + "}"
