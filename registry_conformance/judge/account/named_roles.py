"""Other roles of the account that its policies let in: whoever takes one on comes in by it."""

from __future__ import annotations

import re

from registry_conformance.judge.account.fact import Fact, Known
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.state import State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared

_ROLE = re.compile(r"AWS:(arn:[\w-]+:iam::\d{12}:role/[^*?]+)")


def named_roles(state: State, declared: Declared) -> list[str]:
    """Return the ARNs of the account's roles, the server's apart, that the policies of bucket, key and role let in."""
    found = {
        match[1]
        for policy in naming_policies(state)
        for statement in (policy.value if isinstance(policy, Known) else ())
        if statement.effect == "Allow"
        for principal in statement.principals
        if (match := _ROLE.fullmatch(principal)) and account_of(match[1]) == declared.owner
    }
    return sorted(found - {declared.role})


def naming_policies(state: State) -> list[Fact[tuple[Statement, ...]]]:
    """Return the policies that may let roles of the account in: of bucket, access points, key, and the role's trust."""
    facts: list[Fact[tuple[Statement, ...]]] = []
    if isinstance(state.bucket, Known):
        facts.append(state.bucket.value.policy)
        points = state.bucket.value.access_points
        facts += [each.policy for each in points.value] if isinstance(points, Known) else []
    facts += [state.key.value.policy] if isinstance(state.key, Known) else []
    facts += [state.role.value.trust] if isinstance(state.role, Known) else []
    return facts
