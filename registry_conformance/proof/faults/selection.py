"""Selects the checks to run for a fault: those that must catch it, and a few others for side effects."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

import pytest

from registry_conformance.lab.faults.fault import Fault
from registry_conformance.proof.faults.reasons import REASONS
from registry_conformance.run.session.collection import requirements_of

CASES_TRIED = 30
"""Cases of one check that are tried at most until one of them catches the fault."""
OTHERS = 4
"""The number of checks to run besides those that must catch a fault."""


@dataclass(frozen=True)
class Check:
    """One check function with all its cases; ``local`` if it changes the scratch stack, which takes seconds."""

    name: str
    requirements: tuple[str, ...]
    cases: tuple[pytest.Item, ...]
    local: bool

    def about(self, requirements: Set[str]) -> Check:
        """Return the check with only those of its cases that verify one of these requirements."""
        return replace(self, cases=tuple(case for case in self.cases if requirements & set(requirements_of(case))))

    def likeliest(self, words: Sequence[str]) -> list[pytest.Item]:
        """Return some cases: first those whose parameters share most words with the fault, then evenly spread."""
        spread = self.cases[:: max(1, len(self.cases) // CASES_TRIED)]
        named = [item for item in self.cases if _shared(item, words)]
        ranked = sorted(named, key=lambda item: -_shared(item, words))
        return list(dict.fromkeys([*ranked, *spread]))[:CASES_TRIED]


def checks_of(items: Iterable[pytest.Item]) -> list[Check]:
    """Return the checks of these items, in order."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    checks = []
    for name, found in cases.items():
        verified = dict.fromkeys(requirement for item in found for requirement in requirements_of(item))
        local = "scratch" in getattr(found[0], "fixturenames", ())
        checks.append(Check(name, tuple(verified), tuple(found), local))
    return checks


def expected(checks: Sequence[Check], fault: Fault) -> list[Check]:
    """Return the checks that must catch a fault, with the cases that verify what it breaks: the quick ones first.

    A check whose cases verify different ones of these stands once for each: one that is red says nothing of the next.
    """
    must = set(fault.requirements)
    telling = (each for check in checks if must & set(check.requirements) for each in _apart(check, must))
    return sorted(telling, key=lambda check: check.local)


def _apart(check: Check, must: Set[str]) -> list[Check]:
    """Return a check once for each of the requirements of ``must`` that its cases verify apart from each other."""
    cases: dict[frozenset[str], list[pytest.Item]] = defaultdict(list)
    for case in check.about(must).cases:
        cases[frozenset(must & set(requirements_of(case)))].append(case)
    return [replace(check, cases=tuple(some)) for some in cases.values()]


def unexpected(checks: Sequence[Check], fault: Fault) -> list[Check]:
    """Return the checks that need not catch a fault."""
    return [check for check in checks if not set(fault.requirements) & set(check.requirements)]


def others(
    checks: Sequence[Check], fault: Fault, count: int, number: int, killed: Set[str] = frozenset()
) -> list[Check]:
    """Return further checks that may catch a fault: first those that no fault has failed yet, related ones first.

    Over all faults (``number`` counts them) each has its turn, except those that change the scratch stack or that no
    fault can fail.
    """
    areas = _areas(fault.requirements)
    rest = [check for check in unexpected(_turned(checks, number * count), fault) if _tells(check)]
    spared = [check for check in rest if check.name not in killed]
    related = [check for check in spared if areas & _areas(check.requirements)]
    return list(dict.fromkeys([*related[: count // 2], *spared, *rest]))[:count]


def _areas(requirements: Iterable[str]) -> set[str]:
    return {area_of(name) for name in requirements}


def _tells(check: Check) -> bool:
    return not check.local and check.name not in REASONS


def area_of(requirement: str) -> str:
    """Return the register area of a requirement."""
    return requirement.partition("-")[0]


def _turned(checks: Sequence[Check], by: int) -> list[Check]:
    start = by % max(1, len(checks))
    return [*checks[start:], *checks[:start]]


def words_of(fault: Fault) -> list[str]:
    """Return the significant words of a fault's name."""
    return [word for word in fault.name.split("-") if len(word) > 2]


def _shared(item: pytest.Item, words: Iterable[str]) -> int:
    case = item.nodeid.partition("[")[2].lower()
    return sum(bool(re.search(re.escape(word[:6]), case)) for word in words)
