"""Other roles of the account that its policies admit, followed through chains of role assumption."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.state import State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared

_ROLE = re.compile(r"arn:([\w-]+):iam::(\d{12}):role/(.+)")
_SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
"""Whoever has taken on a role: the role's name without its path, and the session's."""
_LIKE = {"StringLike", "ArnLike", "ArnEquals"}
"""Operators whose values are patterns."""
_POSITIVE = {*_LIKE, "StringEquals", "StringEqualsIgnoreCase"}
_MOST = 40
"""Roles that are asked about: each is a question to IAM."""
Trust = Fact[tuple[Statement, ...]]
"""The statements of a policy, as a trust policy's."""


def named_roles(state: State, declared: Declared) -> list[str]:
    """Return the ARNs of the account's roles, except the server's, that policies of bucket, key and role admit.

    They are named as principals, or by conditions on their ARN. A pattern for every role names the account.
    """
    return sorted(each for each in _all(state, declared) if not _is_pattern(each))


def meant_roles(state: State, declared: Declared) -> dict[str, Fact[tuple[Statement, ...]]]:
    """Return the patterns by which those policies admit roles of the account: which roles match is unknown."""
    return {each: _meant_by_pattern() for each in sorted(_all(state, declared)) if _is_pattern(each)}


def followed(first: Iterable[str], trust_of: Callable[[str], Trust], declared: Declared) -> dict[str, Trust]:
    """Return who may assume roles, and each role of the account that may assume one of those, to the end.

    ``trust_of`` reads a role's trust policy; at most ``_MOST`` roles are read.
    """
    found: dict[str, Trust] = {}
    waiting = list(first)
    while waiting:
        role = waiting.pop(0)
        if role in found:
            continue
        if _is_pattern(role):
            found[role] = _meant_by_pattern()
            continue
        known: Trust = trust_of(role) if len(found) < _MOST else Unreadable(f"more than {_MOST} roles lead to it")
        found[role] = known
        waiting += roles_in(known, declared)
    return found


def way_to(role: str, trusts: Mapping[str, Trust], direct: Iterable[str], declared: Declared) -> list[str]:
    """Return the chain of roles to one: the one that a policy admits first, itself last."""
    ways = [[each] for each in direct]
    seen = {*direct}
    while ways:
        way = ways.pop(0)
        if way[-1] == role:
            return way
        more = [each for each in roles_in(trusts.get(way[-1], Absent()), declared) if each not in seen]
        seen |= {*more}
        ways += [[*way, each] for each in more]
    return [role]


def roles_in(policy: Trust, declared: Declared) -> list[str]:
    """Return the roles of the account, or patterns of them, that a policy admits, except the server's."""
    found = {
        role
        for statement in (policy.value if isinstance(policy, Known) else ())
        if statement.effect == "Allow"
        for value in _values(statement)
        if (role := _role_of(value)) and account_of(role) == declared.owner
    }
    own = declared.role.rpartition("/")[2]
    return sorted(each for each in found if each != declared.role and each.partition(":role/")[2] != own)


def _all(state: State, declared: Declared) -> set[str]:
    return {role for policy in naming_policies(state) for role in roles_in(policy, declared)}


def _meant_by_pattern() -> Unreadable:
    return Unreadable("it is a pattern, and which roles it means is not looked at")


def _values(statement: Statement) -> Iterator[str]:
    """Yield the ARNs that a statement admits: principals, and values of conditions on them."""
    for principal in statement.principals:
        if not _is_pattern(principal):
            yield principal.removeprefix("AWS:")
    for operator, key, wanted in statement.conditions:
        plain = operator.rpartition(":")[2].removesuffix("IfExists")
        if key.lower() == "aws:principalarn" and plain in _POSITIVE:
            yield from (each for each in wanted if plain in _LIKE or not _is_pattern(each))


def _role_of(arn: str) -> str:
    """Return the role of a role's or session's ARN, empty for any other."""
    if session := _SESSION.fullmatch(arn):
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
    found = _ROLE.fullmatch(arn)
    return arn if found and found[3] != "*" else ""


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text


def naming_policies(state: State) -> list[Fact[tuple[Statement, ...]]]:
    """Return the policies that may admit roles of the account: of bucket, access points, key, and the role's trust."""
    facts: list[Fact[tuple[Statement, ...]]] = []
    if isinstance(state.bucket, Known):
        facts.append(state.bucket.value.policy)
        points = state.bucket.value.access_points
        facts += [each.policy for each in points.value] if isinstance(points, Known) else []
    facts += [state.key.value.policy] if isinstance(state.key, Known) else []
    facts += [state.role.value.trust] if isinstance(state.role, Known) else []
    return facts
