"""All rules, and an account judged by them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.finding import Finding, Undecided
from registry_conformance.judge.account.rules import (
    bucket,
    keeping,
    lifecycle,
    logging,
    outlets,
    policy,
    reach,
    role,
    trust,
    ways,
)
from registry_conformance.judge.account.rules.rule import Rule
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import Declared

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        name: rule
        for topic in (bucket, policy, keeping, lifecycle, logging, role, trust, ways, reach, outlets)
        for name, rule in sorted(topic.RULES.items())
    }
)
"""Requirement -> the decision on it."""


def judge(requirement: str, state: State, declared: Declared) -> Finding:
    """Return what a requirement comes to on an account; raise ``KeyError`` for one that is no account's."""
    try:
        return RULES[requirement](state, declared)
    except Undecided as end:
        return Finding(end.verdict, "", end.actual)


def judge_all(state: State, declared: Declared) -> dict[str, Finding]:
    """Return what every requirement comes to on an account."""
    return {name: judge(name, state, declared) for name in RULES}
