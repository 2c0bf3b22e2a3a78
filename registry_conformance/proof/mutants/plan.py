"""Which cases run for a mutant: two most likely killers per second, then a most likely one, and so on."""

from __future__ import annotations

import inspect
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import pytest

from registry_conformance.judge.requirement import Requirement
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.mutants.coverage import Coverage
from registry_conformance.proof.mutants.mutant import NGINX, Mutant, words_of
from registry_conformance.proof.mutants.related_faults import faults_by_change, related
from registry_conformance.proof.mutants.subjects import spoken_of
from registry_conformance.proof.mutants.topics import speaks

_UNKNOWN_SECONDS, _LOCAL_SECONDS = 0.1, 2.0
"""What a case is taken to cost that was never recorded, and one that changes a stack of its own."""
_START = 0.05
"""Seconds that are added to each case, so that a quick one is not asked for that alone."""
_TRAITS = (4.0, 3.0, 2.0, 1.0)
"""How much it counts that a check killed a mutant with the same trait, by the closeness of the trait."""
_RELATED, _SUBJECT, _TOUCHES, _RARE, _NEAR, _WORDS, _NAMED = 4.0, 2.0, 1.0, 4.0, 3.0, 2.0, 3.0
"""What else counts how much for a case to be a likely killer.

Near is another statement of the same function, for what a condition guards runs seldom; named is what the change itself
says, in the parameters of the case.
"""
FAILING: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        NGINX: frozenset(
            {
                "suites/local/test_errors_of_mlflow.py::test_detail_becomes_the_message",
                "suites/local/test_errors_of_mlflow.py::test_json_without_a_detail_is_told_whole",
            }
        )
    }
)
"""Proxy -> checks that fail with it and without a mutant: nginx announces a length before it has seen a body."""
_ANOTHER = 0.8
"""What a further case of a check is worth beside the one before: what one passes, another hardly fails."""


@dataclass(frozen=True, slots=True)
class _Rated:
    """A case, its likelihood to kill (a weight, no probability), and its duration in seconds."""

    case: pytest.Item
    likely: float
    seconds: float


class Planner:
    """Orders the cases of all checks for a mutant, deterministically."""

    def __init__(self, checks: Sequence[Check], coverage: Coverage, register: Mapping[str, Requirement]) -> None:
        self._checks = checks
        self._coverage = coverage
        self._register = register

    @cached_property
    def _words(self) -> Mapping[str, frozenset[str]]:
        """Node id -> the words of a case's name, of its check, and of its requirements."""
        found: dict[str, frozenset[str]] = {}
        for check in self._checks:
            own = words_of(self._said(check))
            found |= {case.nodeid: own | words_of(case.nodeid) for case in check.cases}
        return found

    def _said(self, check: Check) -> str:
        """Return the source of a check, its claim included, and the sentences of its requirements."""
        function = check.cases[0].function  # type: ignore[attr-defined] # checks are functions
        return " ".join([inspect.getsource(function), *(self._register[name].text for name in check.requirements)])

    @cached_property
    def _rarity(self) -> Mapping[str, float]:
        met = Counter(word for words in self._words.values() for word in words)
        return {word: math.log(len(self._words) / count) for word, count in met.items()}

    @cached_property
    def _touched_by_check(self) -> Mapping[str, frozenset[str]]:
        return {check.name: self._coverage.of_check(check.name) for check in self._checks}

    def prepare(self) -> None:
        """Read what is the same for all mutants: in a process that is forked for each, before it is."""
        prepared = self._words, self._rarity, self._touched_by_check, self._by_place, faults_by_change()
        assert all(each is not None for each in prepared)

    def plan(self, mutant: Mutant, depth: int) -> list[pytest.Item]:
        """Return at most ``depth`` relevant cases for a mutant.

        Two of three are the likeliest killers per second, the third is the likeliest regardless of duration: otherwise
        a slow check that alone can kill would run late, or never.
        """
        expected = related(mutant)
        by_check: list[list[_Rated]] = []
        for check in self._checks:
            if check.name in FAILING.get(mutant.proxy, ()):
                continue
            cases = [case for case in check.cases if self._reaches(mutant, case)]
            if cases and speaks(mutant, check.requirements, self._register):
                by_check.append([self._rated(mutant, expected, check, case) for case in cases])
        quick = _best(by_check, lambda rated: rated.likely / rated.seconds)
        likely = _best(by_check, lambda rated: rated.likely)
        return [rated.case for rated in itertools.islice(_mixed(quick, likely), depth)]

    @cached_property
    def _touching(self) -> Mapping[str, int]:
        """Token -> how many cases touch it."""
        return Counter(token for tokens in self._coverage.tokens.values() for token in tokens)

    def _reaches(self, mutant: Mutant, case: pytest.Item) -> bool:
        """Return whether a case can notice a mutant, as far as is known what it touches.

        Of traffic: only if it causes such traffic. Of source: only if it runs the statement, where some case does.
        Of a directive for some requests: only if it sends one of these.
        """
        known = self._coverage.tokens.get(case.nodeid)
        if known is None or any(token.startswith("keys ") for token in mutant.touches):
            return True
        if mutant.kind == "directive":
            served = mutant.touches - _telling(mutant)
            return not served or bool(served & known)
        if mutant.kind not in ("traffic", "source"):
            return True
        # What no case is known to touch tells none apart, but for the exchange itself.
        must = {token for token in mutant.touches if token in self._touching or not _further(token)}
        return must <= known if mutant.kind == "traffic" else must & self._touching.keys() <= known

    @cached_property
    def _by_place(self) -> Mapping[str, frozenset[str]]:
        """Function of the source -> the tokens of its statements."""
        found: dict[str, set[str]] = defaultdict(set)
        for token in self._touching:
            if token.startswith("ran "):
                found[token.removeprefix("ran ").partition(": ")[0]].add(token)
        return {place: frozenset(tokens) for place, tokens in found.items()}

    def _told_apart(self, telling: frozenset[str], known: frozenset[str]) -> float:
        """Return how much what a case touches speaks for it: 1 if it alone touches what the mutant is about."""
        total = len(self._coverage.tokens) or 1
        shared = [self._touching.get(token, 0) for token in telling & known]
        return max((1.0 - math.log(count) / math.log(total) for count in shared if count and total > 1), default=0.0)

    def _rated(self, mutant: Mutant, expected: Mapping[str, float], check: Check, case: pytest.Item) -> _Rated:
        kills = [self._coverage.kills.get(trait, Counter()) for trait in mutant.traits]
        known = self._coverage.tokens.get(case.nodeid) or self._touched_by_check[check.name]
        shared = sum(self._rarity[word] for word in mutant.words & self._words[case.nodeid])
        possible = sum(self._rarity.get(word, 0.0) for word in mutant.words) or 1.0
        # Of a rule the line says for whom it counts, or at which doors; the change but names its neighbours.
        changed = words_of(mutant.line if mutant.kind == "rule" else "") or words_of(mutant.how.partition(" in: ")[0])
        named = sum(self._rarity[word] for word in changed & words_of(case.nodeid.partition("[")[2]))
        likely = (
            0.05
            + sum(much * _share(counts, check.name) for much, counts in zip(_TRAITS, kills, strict=True))
            + _RELATED * max(expected.get(name, 0.0) for name in check.requirements)
            + _SUBJECT * bool(spoken_of(mutant) & set(check.requirements))
            + _TOUCHES * bool(_telling(mutant) & known)
            + _RARE * self._told_apart(_telling(mutant), known)
            + _NEAR * self._told_apart(self._by_place.get(mutant.place, frozenset()), known)
            + _WORDS * shared / possible
            + _NAMED * named / (sum(self._rarity.get(word, 0.0) for word in changed) or 1.0)
        )
        usual = _LOCAL_SECONDS if check.local else _UNKNOWN_SECONDS
        return _Rated(case, likely, _START + (self._coverage.seconds.get(case.nodeid) or usual))


def _telling(mutant: Mutant) -> frozenset[str]:
    """Return the tokens of a mutant that make a case likely which touches them.

    Of a directive the headers alone: that a case sends one of the many requests that it is for makes it possible.
    """
    if mutant.kind != "directive":
        return mutant.touches
    return frozenset(token for token in mutant.touches if token.startswith("header "))


def _further(token: str) -> bool:
    """Return whether a token says more of an exchange than which it is: what was sent with it, or when."""
    return "," in token or token.startswith("header ")


def _share(counts: Counter[str], name: str) -> float:
    return counts[name] / (counts.total() + 1)


def _best(by_check: Iterable[Sequence[_Rated]], worth: Callable[[_Rated], float]) -> list[_Rated]:
    """Return all cases, best value first; each further case of one check is worth less than the one before."""
    valued = []
    for cases in by_check:
        for turn, rated in enumerate(sorted(cases, key=lambda each: (-worth(each), each.case.nodeid))):
            valued.append((-worth(rated) * _ANOTHER**turn, rated.case.nodeid, rated))
    return [rated for _, _, rated in sorted(valued, key=lambda each: each[:2])]


def _mixed(quick: Sequence[_Rated], likely: Sequence[_Rated]) -> Iterator[_Rated]:
    """Yield each case once: two of the one order, then one of the other, and so on; both have the same cases."""
    one, other = iter(quick), iter(likely)
    met: set[str] = set()
    for order in itertools.cycle((one, one, other)):
        rated = next((each for each in order if each.case.nodeid not in met), None)
        if rated is None:
            return
        met.add(rated.case.nodeid)
        yield rated
