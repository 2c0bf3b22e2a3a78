"""What takes objects of the bucket, or the list of them, elsewhere: each kind is asked of its own service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeGuard
from urllib.parse import urlsplit

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable, Unsupported
from registry_conformance.judge.account.observe.copies import backups, inventories, jobs, tasks
from registry_conformance.judge.account.observe.pages import Client
from registry_conformance.judge.account.observe.queries import NOT_UNDERSTOOD
from registry_conformance.judge.account.observe.shares import access_grants, distributions
from registry_conformance.judge.account.state import Outlet
from registry_conformance.judge.target.account import Declared

_KINDS: Mapping[str, Callable[[Client, Declared], Fact[list[Outlet]]]] = MappingProxyType(
    {
        "inventories of the bucket": inventories,
        "tasks of DataSync": tasks,
        "plans of AWS Backup": backups,
        "batch jobs of S3": jobs,
        "access grants of S3": access_grants,
        "distributions of CloudFront": distributions,
    }
)
"""What takes artifacts out of a bucket -> who reads it."""


def observe_outlets(client: Client, declared: Declared) -> Fact[tuple[Outlet, ...]]:
    """Return what takes objects of the bucket elsewhere; a store of one's own has what it knows the questions for."""
    found = {name: read(client, declared) for name, read in _KINDS.items()}
    place = urlsplit(client("s3control").meta.endpoint_url).hostname or ""
    return together(found if place.endswith(f".{declared.domain}") else understood(found))


def understood(kinds: Mapping[str, Fact[list[Outlet]]]) -> dict[str, Fact[list[Outlet]]]:
    """Return kinds of outlets with those that a store does not know the question for as what it does not have."""
    return {name: Unsupported(each.why) if _is_unknown(each) else each for name, each in kinds.items()}


def _is_unknown(fact: Fact[list[Outlet]]) -> TypeGuard[Unreadable]:
    """Return whether an answer has not AWS's form: a status without an error's name, or nothing that is read."""
    return isinstance(fact, Unreadable) and (fact.why == NOT_UNDERSTOOD or fact.why.endswith(": 404"))


def together(kinds: Mapping[str, Fact[list[Outlet]]]) -> Fact[tuple[Outlet, ...]]:
    """Return the outlets of all kinds; one that may not be read is an outlet that says why.

    Only a store that has none of them has no such setting.
    """
    lacking = [each for each in kinds.values() if isinstance(each, Unsupported)]
    if lacking and len(lacking) == len(kinds):
        return lacking[0]
    found = [one for each in kinds.values() if isinstance(each, Known) for one in each.value]
    found += [
        Outlet(name, "", unread=each.what if isinstance(each, Pending) else each.why)
        for name, each in kinds.items()
        if not isinstance(each, Known | Absent | Unsupported)
    ]
    return Known(tuple(sorted(set(found), key=str)))
