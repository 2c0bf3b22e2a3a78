"""An account, observed whole."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable, Unsupported
from registry_conformance.judge.account.named_roles import followed, meant_roles, named_roles
from registry_conformance.judge.account.observe.access_points import (
    observe_access_points,
    observe_points_of_several_regions,
)
from registry_conformance.judge.account.observe.bucket import observe_bucket
from registry_conformance.judge.account.observe.calls import observe_calls
from registry_conformance.judge.account.observe.key import observe_key
from registry_conformance.judge.account.observe.outlets import observe_outlets
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.observe.role import observe_role, observe_trust
from registry_conformance.judge.account.observe.roles import observe_roles
from registry_conformance.judge.account.state import AccessPoint, BucketState, State
from registry_conformance.judge.clients import aws
from registry_conformance.judge.mismatch import PreconditionFailed
from registry_conformance.judge.target.account import Declared, ObservedAccount

_ATTEMPTS = 3
_OF_SEVERAL = "us-west-2"
"""The one region that answers for access points of several regions."""


def observe(account: ObservedAccount) -> State:
    """Return the state of an account.

    Raises ``PreconditionFailed`` for credentials that are expired, wrong, or another account's, and where nobody
    answers.
    """
    declared = account.declared
    if declared.account:
        _same_account(_client(account, "sts"), declared.account)
    found = State(
        bucket=_bucket(account, declared),
        role=observe_role(_client(account, "iam"), declared) if declared.role else Absent(),
        log_groups=_log_groups(_client(account, "logs"), declared) if declared.log_groups else {},
        key=observe_key(_client(account, "kms"), declared) if declared.kms_key else Absent(),
    )
    named = named_roles(found, declared)
    iam = _client(account, "iam")
    trusts = followed(named, lambda arn: observe_trust(iam, arn.rpartition("/")[2]), declared)
    roles = observe_roles(iam, declared.role) if declared.owner else Unreadable("which account is not declared")
    return replace(found, named_roles=trusts | meant_roles(found, declared), roles=roles)


def _bucket(account: ObservedAccount, declared: Declared) -> Fact[BucketState]:
    """Return the bucket, with what it calls and its access points; these are unreadable if no account is declared."""
    found = observe_bucket(_client(account, "s3"), declared)
    if not isinstance(found, Known):
        return found
    points: Fact[tuple[AccessPoint, ...]] = Unreadable("which account is not declared")
    if declared.owner:
        points = observe_access_points(_client(account, "s3control"), declared)
    if isinstance(points, Known) and declared.partition == "aws":
        far = observe_points_of_several_regions(_client(account, "s3control", _OF_SEVERAL), declared)
        points = Known((*points.value, *far))
    client = functools.partial(_client, account)
    calls, outlets = observe_calls(client, declared), observe_outlets(client, declared)
    return Known(replace(found.value, access_points=points, calls=calls, outlets=outlets))


def _client(account: ObservedAccount, service: str, region: str = "") -> Any:
    """Return a client of a service, with these credentials and nothing of the machine's; of the region or another."""
    endpoint = account.s3_endpoint if service == "s3" else account.endpoint
    region = region or account.declared.region or "us-east-1"
    return _made(service, endpoint, region, account.access_key, account.secret_key, account.session_token)


@functools.cache
def _made(service: Any, endpoint: str, region: str, access_key: str, secret_key: str, token: str) -> Any:
    """Return one client for all questions: making one costs more than a question."""
    access = {"access_key": access_key, "secret_key": secret_key, "session_token": token}
    return aws.client(service, access | {"region": region, "endpoint": endpoint}, attempts=_ATTEMPTS)


def _same_account(sts: Any, declared: str) -> None:
    """Return where the credentials are of the declared account; raise ``PreconditionFailed`` otherwise."""
    caller: Fact[Mapping[str, Any]] = ask(sts.get_caller_identity, lambda said: said)
    if isinstance(caller, Unreadable | Unsupported):
        raise PreconditionFailed("STS to say whose the credentials are", caller.why)
    assert isinstance(caller, Known), "nothing is absent of a caller"
    if caller.value["Account"] != declared:
        found = f"those of {caller.value['Account']} ({caller.value['Arn']})"
        raise PreconditionFailed(f"credentials of the declared account {declared}", found)


def _log_groups(logs: Any, declared: Declared) -> dict[str, Fact[int]]:
    return {group: _retention(logs, group) for group in declared.log_groups}


def _retention(logs: Any, group: str) -> Fact[int]:
    """Return for how many days a log group keeps its lines, 0 for ever."""
    pages: Fact[list[Mapping[str, Any]]] = ask(
        lambda: logs.describe_log_groups(logGroupNamePrefix=group), lambda said: said["logGroups"]
    )
    if not isinstance(pages, Known):
        return pages
    days = [int(each.get("retentionInDays", 0)) for each in pages.value if each["logGroupName"] == group]
    return Known(days[0]) if days else Absent()
