"""Lifecycle rules as ``aws_s3_bucket_lifecycle_configuration`` plans them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Pending
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import configured
from registry_conformance.judge.account.state import LifecycleRule

_NARROWS = ("tag", "tags", "object_size_greater_than", "object_size_less_than")
_OF_NO_MEANING = {"id", "noncurrent_version_transition"}
"""What says nothing of when which objects go or move: a rule's name, and where replaced versions are kept."""
_SET_ASIDE = ("prefix",)
"""What the provider has as unknown of a new rule that does not set it."""


def lifecycle(plan: Plan, resource: Resource) -> Fact[tuple[LifecycleRule, ...]]:
    """Return the rules of a lifecycle, or the first place in them that is not known yet."""
    rules = resource.get("rule")
    if not isinstance(rules, Known):
        return rules
    return unknown_in(plan, resource, "rule") or Known(tuple(_rule(each) for each in rules.value))


def unknown_in(plan: Plan, resource: Resource, block: str) -> Pending | None:
    """Return the first place in rules that is configured, and not known yet; of dynamic blocks each place counts."""
    whole = configured(plan, resource, block)
    unknown = resource.unknown.get(block)
    for place in _unknowns(unknown if isinstance(unknown, list) else []):
        meant = configured(plan, resource, block, *place) if whole else place[1:] != _SET_ASIDE
        if meant and not set(place) & _OF_NO_MEANING:
            return Pending(".".join([resource.address, block, *map(str, place)]))
    return None


def _unknowns(at: Any, *way: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the places that are known only after the plan is applied."""
    if at is True:
        yield way
    for step, below in _steps(at):
        yield from _unknowns(below, *way, step)


def _steps(at: Any) -> Iterable[tuple[Any, Any]]:
    """Return the keys or indices of a mapping or a list, each with what stands there."""
    if isinstance(at, Mapping):
        return at.items()
    return enumerate(at) if isinstance(at, list) else ()


def _rule(raw: Mapping[str, Any]) -> LifecycleRule:
    given = first(raw, "filter")
    both = first(given, "and")
    expiration, noncurrent = first(raw, "expiration"), first(raw, "noncurrent_version_expiration")
    return LifecycleRule(
        name=raw.get("id") or "",
        enabled=raw.get("status") == "Enabled",
        prefix=raw.get("prefix") or given.get("prefix") or both.get("prefix") or "",
        narrowed=any(each.get(name) for each in (given, both) for name in _NARROWS),
        expires=expires(expiration),
        moves=moves(raw),
        noncurrent_days=int(noncurrent.get("noncurrent_days") or 0),
        keeps=int(noncurrent.get("newer_noncurrent_versions") or 0),
        abort_days=int(first(raw, "abort_incomplete_multipart_upload").get("days_after_initiation") or 0),
    )


def first(raw: Mapping[str, Any], block: str) -> Mapping[str, Any]:
    """Return a block of which there is one at most, empty if there is none."""
    found = raw.get(block) or [{}]
    return (found if isinstance(found, Mapping) else found[0]) or {}


def expires(expiration: Mapping[str, Any]) -> str:
    """Return when objects expire, empty if they do not: delete markers may be all that goes."""
    return _when(expiration) if expiration.get("days") or expiration.get("date") else ""


def moves(raw: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return to which storage classes objects move, and when."""
    return tuple((str(each.get("storage_class")), _when(each)) for each in raw.get("transition") or ())


def _when(raw: Mapping[str, Any]) -> str:
    return f"on {raw['date'][:10]}" if raw.get("date") else f"after {raw.get('days') or 0} days"
