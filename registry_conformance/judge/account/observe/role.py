"""The server's role: its trust, its policies, and what IAM's own simulator says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.conditions import OneOf
from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable, Unsupported
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.permission import AccessDecision
from registry_conformance.judge.account.required_rights import NEEDS, ON_KEY, request
from registry_conformance.judge.account.state import RoleState
from registry_conformance.judge.account.statement import Statement, read_policy
from registry_conformance.judge.target.account import Declared

_NONE = "NoSuchEntity"
_MOST_PAGES = 20
_TYPES = {"s3:signatureage": "numeric"}
"""Context keys whose values are neither texts nor truth values, by the name that IAM's simulator has for the type."""


def observe_role(iam: Any, declared: Declared) -> Fact[RoleState]:
    """Return the declared role as it is."""
    name, account = declared.role.rpartition("/")[2], account_of(declared.role)
    if declared.account and account != declared.account:
        why = f"it is of the account {account}, and IAM tells {declared.account} of its own roles alone"
        hidden: Unreadable = Unreadable(why)
        return Known(RoleState(declared.role, hidden, hidden, hidden, hidden))
    found: Fact[Mapping[str, Any]] = ask(lambda: iam.get_role(RoleName=name), lambda said: said["Role"], _NONE)
    if isinstance(found, Absent):
        return Absent()
    if not isinstance(found, Known):
        return Known(RoleState(declared.role, found, statements_of(iam, name), found, _simulated(iam, declared)))
    role = found.value
    boundary: Fact[tuple[Statement, ...]] = Absent()
    if bound := role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"):
        boundary = managed(iam, bound)
    return Known(
        RoleState(
            arn=role["Arn"],
            trust=ask(lambda: role, lambda said: read_policy(said["AssumeRolePolicyDocument"])),
            statements=statements_of(iam, name),
            boundary=boundary,
            simulated=_simulated(iam, declared),
        )
    )


def observe_trust(iam: Any, role: str) -> Fact[tuple[Statement, ...]]:
    """Return who may take on a role of that name."""
    return ask(
        lambda: iam.get_role(RoleName=role),
        lambda said: read_policy(said["Role"]["AssumeRolePolicyDocument"], f"the trust policy of {role}"),
        _NONE,
    )


def statements_of(iam: Any, role: str) -> Fact[tuple[Statement, ...]]:
    """Return the statements of every policy of a role, or why one of them cannot be read."""
    whole: list[Statement] = []
    for policy in _policies(iam, role):
        if not isinstance(policy, Known):
            return policy
        whole += policy.value
    return Known(tuple(whole))


def _policies(iam: Any, role: str) -> Iterator[Fact[tuple[Statement, ...]]]:
    inline: Fact[list[str]] = ask(lambda: _pages(iam, "list_role_policies", role), lambda said: said["PolicyNames"])
    attached: Fact[list[Any]] = ask(
        lambda: _pages(iam, "list_attached_role_policies", role), lambda said: said["AttachedPolicies"]
    )
    for listed in (inline, attached):
        if not isinstance(listed, Known):
            yield listed
            return
    assert isinstance(inline, Known)
    assert isinstance(attached, Known)
    for name in inline.value:
        yield ask(
            partial(iam.get_role_policy, RoleName=role, PolicyName=name),
            lambda said: read_policy(said["PolicyDocument"], said["PolicyName"]),
        )
    for policy in attached.value:
        yield managed(iam, policy["PolicyArn"])


def managed(iam: Any, arn: str) -> Fact[tuple[Statement, ...]]:
    """Return the statements of the default version of a managed policy."""
    found: Fact[str] = ask(lambda: iam.get_policy(PolicyArn=arn), lambda said: said["Policy"]["DefaultVersionId"])
    if not isinstance(found, Known):
        return found if not isinstance(found, Absent) else Unreadable(f"GetPolicy: there is no {arn}")
    version = found.value
    return ask(
        lambda: iam.get_policy_version(PolicyArn=arn, VersionId=version),
        lambda said: read_policy(said["PolicyVersion"]["Document"], arn),
    )


def _pages(iam: Any, listing: str, role: str) -> dict[str, list[Any]]:
    """Return all pages of a listing as one."""
    whole: dict[str, list[Any]] = {}
    for _, page in zip(range(_MOST_PAGES), iam.get_paginator(listing).paginate(RoleName=role), strict=False):
        for name, items in page.items():
            if isinstance(items, list):
                whole.setdefault(name, []).extend(items)
    return whole


def _simulated(iam: Any, declared: Declared) -> Fact[Mapping[str, AccessDecision]]:
    """Return for each action that the server needs what IAM's simulator says, if it lacks nothing to say it."""
    actions = [*NEEDS.values(), *(ON_KEY if declared.kms_key else ())]
    said: dict[str, AccessDecision] = {}
    for action in actions:
        asked = request(declared, action)
        entries = [
            {
                "ContextKeyName": key,
                "ContextKeyValues": list(values),
                "ContextKeyType": _TYPES.get(key, "boolean" if values[0] in {"true", "false"} else "string"),
            }
            for key, values in (asked.facts or {}).items()
            if values and not (isinstance(values, OneOf) and len(values) > 1)
        ]
        decision: Fact[AccessDecision | None] = ask(
            partial(
                iam.simulate_principal_policy,
                PolicySourceArn=declared.role,
                ActionNames=[action],
                ResourceArns=[asked.resource],
                ContextEntries=entries,
            ),
            lambda answer: _decision(answer["EvaluationResults"][0]),
        )
        if not isinstance(decision, Known):
            return decision if isinstance(decision, Unreadable | Unsupported) else Unreadable("SimulatePrincipalPolicy")
        if decision.value is not None:
            said[action] = decision.value
    return Known(said)


def _decision(result: Mapping[str, Any]) -> AccessDecision | None:
    """Return what the simulator decided, ``None`` if it had to do so without values that a condition asks for."""
    if result.get("MissingContextValues"):
        return None
    if result["EvalDecision"] == "allowed":
        return AccessDecision.ALLOWED
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        return AccessDecision.OUTRANKED
    return AccessDecision.DENIED if result["EvalDecision"] == "explicitDeny" else AccessDecision.NOT_ALLOWED
