"""Lifecycle rules: models are kept, noncurrent versions and abandoned uploads are removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from registry_conformance.judge.account.fact import Unsupported
from registry_conformance.judge.account.finding import Finding, judged, standing, value
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import LifecycleRule, State, Tiering
from registry_conformance.judge.target.account import Declared

_SLOW = ("GLACIER", "DEEP_ARCHIVE")
"""Storage classes that an object must be restored from before it can be read."""


def _rules(state: State) -> list[LifecycleRule]:
    """Return the enabled rules."""
    found = value(standing(state.bucket, "bucket").lifecycle, "the lifecycle", absent=())
    return [rule for rule in found if rule.enabled]


def _touching(state: State, declared: Declared) -> list[LifecycleRule]:
    """Return the rules that apply to some artifact."""
    return [rule for rule in _rules(state) if touches(rule.prefix, declared)]


def _covering(state: State, declared: Declared) -> list[LifecycleRule]:
    """Return the rules that apply to every artifact."""
    below = f"{declared.prefix}/".lstrip("/")
    return [rule for rule in _rules(state) if below.startswith(rule.prefix) and not rule.narrowed]


def _models_stay(state: State, declared: Declared) -> Finding:
    found = [
        f"the rule {rule.name!r} expires them {rule.expires}" for rule in _touching(state, declared) if rule.expires
    ]
    return judged(not found, "no rule that expires current artifacts", "; ".join(found) or "none")


def _replaced_go(state: State, declared: Declared) -> Finding:
    wanted = declared.noncurrent_days
    early = [rule for rule in _touching(state, declared) if 0 < rule.noncurrent_days < wanted]
    whole = [rule.noncurrent_days for rule in _covering(state, declared) if rule.noncurrent_days and not rule.keeps]
    actual = _told(early) or (f"after {min(whole)} days" if whole else "they stay for ever")
    expected = f"replaced versions of all artifacts expire after {wanted} days"
    return judged(not early and wanted in whole, expected, actual)


def _told(early: Iterable[LifecycleRule]) -> str:
    return "; ".join(f"the rule {rule.name!r} expires them after {rule.noncurrent_days} days" for rule in early)


def _abandoned_go(state: State, declared: Declared) -> Finding:
    needs_declared(declared.abort_days, "abort_days")
    days = [rule.abort_days for rule in _covering(state, declared) if rule.abort_days]
    expected = f"unfinished uploads of all artifacts are given up after {declared.abort_days} days at most"
    actual = f"after {min(days)} days" if days else "their parts stay for ever, unseen and paid for"
    return judged(bool(days) and min(days) <= declared.abort_days, expected, actual)


def _readable_at_once(state: State, declared: Declared) -> Finding:
    found = [
        f"the rule {rule.name!r} moves them to {storage} {when}"
        for rule in _touching(state, declared)
        for storage, when in rule.moves
        if storage in _SLOW
    ]
    found += [
        f"the Intelligent-Tiering configuration {each.name!r} moves them to {tier} when unread for {days} days"
        for each in _tiering(state, declared)
        for tier, days in each.tiers
    ]
    return judged(not found, "no rule that moves current artifacts where they cannot be read at once", "; ".join(found))


def _tiering(state: State, declared: Declared) -> list[Tiering]:
    """Return the enabled Intelligent-Tiering configurations for some artifact; a store may have none."""
    fact = standing(state.bucket, "bucket").tiering
    found = () if isinstance(fact, Unsupported) else value(fact, "Intelligent-Tiering", absent=())
    return [each for each in found if each.enabled and touches(each.prefix, declared)]


def touches(prefix: str, declared: Declared) -> bool:
    """Return whether some artifact is under a prefix."""
    below = f"{declared.prefix}/".lstrip("/")
    return below.startswith(prefix) or prefix.startswith(below)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "INF-020": _models_stay,
        "INF-021": _replaced_go,
        "INF-022": _abandoned_go,
        "INF-023": _readable_at_once,
    }
)
