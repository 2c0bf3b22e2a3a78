"""Which checks are asked about a mutant, and in which order: the likeliest killer first, for what it costs."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import pytest

from registry_conformance.judge.requirement import Requirement
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.mutants.coverage import Coverage
from registry_conformance.proof.mutants.mutant import Mutant, words_of
from registry_conformance.proof.mutants.topics import speaks

_UNKNOWN_SECONDS, _LOCAL_SECONDS = 0.4, 4.0
"""What a case is taken to cost that was never recorded, and one that changes a stack of its own."""
_START = 0.3
"""Seconds that are added to each case, so that a quick one is not asked for that alone."""
_SAME_PLACE, _SAME_FILE, _TOUCHES, _WORDS = 4.0, 1.5, 1.0, 2.0
"""What counts how much for a case to be a likely killer."""


class Planner:
    """Orders the cases of all checks for one mutant after the other; the order depends on nothing else."""

    def __init__(self, checks: Sequence[Check], coverage: Coverage, register: Mapping[str, Requirement]) -> None:
        self._checks = checks
        self._coverage = coverage
        self._register = register

    @cached_property
    def _words(self) -> Mapping[str, frozenset[str]]:
        """Node id -> the words of a case: of its name, its claim, and the requirements that it verifies."""
        return {
            case.nodeid: words_of(f"{case.nodeid} {getattr(case.function, '__doc__', '')} {self._said(check)}")  # type: ignore[attr-defined] # checks are functions
            for check in self._checks
            for case in check.cases
        }

    def _said(self, check: Check) -> str:
        return " ".join(self._register[name].text for name in check.requirements)

    @cached_property
    def _rarity(self) -> Mapping[str, float]:
        met = Counter(word for words in self._words.values() for word in words)
        return {word: math.log(len(self._words) / count) for word, count in met.items()}

    @cached_property
    def _kills_by_file(self) -> Mapping[str, Counter[str]]:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for place, counts in self._coverage.kills.items():
            found[_file(place)].update(counts)
        return found

    @cached_property
    def _touched_by_check(self) -> Mapping[str, frozenset[str]]:
        return {check.name: self._coverage.of_check(check.name) for check in self._checks}

    def plan(self, mutant: Mutant, depth: int) -> list[pytest.Item]:
        """Return at most ``depth`` cases of checks that speak of a mutant, a case of each check before a second one."""
        ranked: list[tuple[float, list[pytest.Item]]] = []
        for check in self._checks:
            if not speaks(mutant, check.requirements, self._register):
                continue
            rated = [(self._worth(mutant, check, case), case) for case in check.cases if self._reaches(mutant, case)]
            if rated:
                rated.sort(key=lambda pair: (-pair[0], pair[1].nodeid))
                ranked.append((rated[0][0], [case for _, case in rated]))
        ranked.sort(key=lambda pair: (-pair[0], pair[1][0].nodeid))
        return list(_in_turns([cases for _, cases in ranked]))[:depth]

    def _reaches(self, mutant: Mutant, case: pytest.Item) -> bool:
        """Return whether a case can see a mutant at all: of traffic, only what such traffic was seen of can."""
        known = self._coverage.tokens.get(case.nodeid)
        if mutant.kind != "traffic" or known is None or any(token.startswith("keys ") for token in mutant.touches):
            return True
        return bool(mutant.touches & known)

    def _worth(self, mutant: Mutant, check: Check, case: pytest.Item) -> float:
        before = self._coverage.kills.get(mutant.place, Counter())
        of_file = self._kills_by_file.get(_file(mutant.place), Counter())
        known = self._coverage.tokens.get(case.nodeid) or self._touched_by_check[check.name]
        shared = sum(self._rarity[word] for word in mutant.words & self._words[case.nodeid])
        possible = sum(self._rarity.get(word, 0.0) for word in mutant.words) or 1.0
        likely = (
            _SAME_PLACE * _share(before, check.name)
            + _SAME_FILE * _share(of_file, check.name)
            + _TOUCHES * bool(mutant.touches & known)
            + _WORDS * shared / possible
        )
        usual = _LOCAL_SECONDS if check.local else _UNKNOWN_SECONDS
        return (0.05 + likely) / (_START + (self._coverage.seconds.get(case.nodeid) or usual))


def _share(counts: Counter[str], name: str) -> float:
    return counts[name] / counts.total() if counts else 0.0


def _file(place: str) -> str:
    return place.partition(":")[0]


def _in_turns(groups: Iterable[Sequence[pytest.Item]]) -> Iterator[pytest.Item]:
    """Yield the first of each group, then the second of each, and so on."""
    left = list(groups)
    turn = 0
    while left:
        left = [group for group in left if turn < len(group)]
        yield from (group[turn] for group in left)
        turn += 1
