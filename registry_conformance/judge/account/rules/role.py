"""The server's role: exactly what the deployment needs, on exactly its bucket and prefix."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from registry_conformance.judge.account.conditions import Facts, resolved
from registry_conformance.judge.account.fact import Absent, Known, Unreadable
from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.grants import Grant, grants, one_allows
from registry_conformance.judge.account.in_force import in_force
from registry_conformance.judge.account.patterns import covered
from registry_conformance.judge.account.permission import AccessDecision, Request, decide, doubts
from registry_conformance.judge.account.required_rights import NEEDS, ON_KEY, perimeter, request
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import RoleState, State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict

_ONWARDS = ("sts:AssumeRole", "iam:PassRole")
"""Actions by which whoever has a role takes on another one, or hands it to a service."""
Statements = tuple[Statement, ...]


def _role(state: State, declared: Declared) -> RoleState:
    needs_declared(declared.role, "role")
    return standing(state.role, "role")


def _exists(state: State, declared: Declared) -> Finding:
    needs_declared(declared.role, "role")
    found = value(state.role, f"the role {declared.role}")
    if all(isinstance(fact, Unreadable) for fact in (found.trust, found.statements, found.simulated)):
        value(found.trust, "the role")
    return judged(True, f"the role {declared.role}", found.arn)


def _may(action: str, state: State, declared: Declared) -> Finding:
    role = _role(state, declared)
    asked = request(declared, action)
    expected = f"{action} on {asked.resource} is allowed"
    told, said = _decision(role, asked)
    if said is AccessDecision.NOT_ALLOWED and _bucket_lets(state, role, asked):
        told, said = "the bucket policy: ", AccessDecision.ALLOWED
    if said is AccessDecision.DEPENDS:
        why = doubts(value(role.statements, "the role's policies", absent=()), asked)
        raise Undecided(Verdict.INCONCLUSIVE, f"{action} is {said.value}" + (f": {why}" if why else ""))
    return judged(said is AccessDecision.ALLOWED, expected, f"{told}{action} is {said.value}")


def _decision(role: RoleState, asked: Request) -> tuple[str, AccessDecision]:
    """Return who says what the role may do, and what: IAM's simulator if it could be asked."""
    if isinstance(role.simulated, Known) and asked.action in role.simulated.value:
        return "IAM's simulator says: ", role.simulated.value[asked.action]
    said = decide(value(role.statements, "the role's policies", absent=()), asked)
    if said is AccessDecision.ALLOWED and (boundary := _boundary(role)) is not None:
        bound = decide(boundary, asked)
        return "by the permissions boundary ", bound
    return "", said


def _boundary(role: RoleState) -> Statements | None:
    return None if isinstance(role.boundary, Absent) else value(role.boundary, "the role's permissions boundary")


def _bucket_lets(state: State, role: RoleState, asked: Request) -> bool:
    """Return whether the bucket policy lets the role do by itself what no policy of its own allows."""
    allowing = [each for each in _bucket_policy(state) if each.effect == "Allow" and not _of_account(each)]
    if decide(allowing, asked) is not AccessDecision.ALLOWED:
        return False
    boundary = _boundary(role)
    return boundary is None or decide(boundary, asked) is AccessDecision.ALLOWED


def _bucket_policy(state: State) -> Statements:
    if isinstance(state.bucket, Absent):
        return ()
    return value(standing(state.bucket, "bucket").policy, "the bucket policy", absent=())


def _of_account(statement: Statement) -> bool:
    """Return whether a statement of a bucket policy is about an account: that leaves it to the policies of roles."""
    return all(each.endswith(":root") or each.removeprefix("AWS:").isdigit() for each in statement.principals)


def _granted(state: State, declared: Declared) -> list[Grant]:
    """Return what the role's own policies grant it, and what the bucket policy grants it by name."""
    role = _role(state, declared)
    own = value(role.statements, "the role's policies", absent=())
    boundary = _boundary(role)
    named = [each for each in _bucket_policy(state) if f"AWS:{declared.role}" in each.principals]
    return grants(_without_variables(in_force((*own, *named)), declared), boundary)


def _without_variables(statements: Statements, declared: Declared) -> Statements:
    """Return statements with what their resources' variables stand for in the server's requests, where it is known."""
    facts = perimeter(declared)
    return tuple(_with_resources_resolved(each, facts) for each in statements)


def _with_resources_resolved(statement: Statement, facts: Facts) -> Statement:
    return replace(statement, resources=tuple(resolved(each, facts) or each for each in statement.resources))


def _no_other_action(state: State, declared: Declared) -> Finding:
    needed = {action.lower() for action in NEEDS.values()}
    found = [grant for grant in _granted(state, declared) if grant.in_s3 and grant.action.lower() not in needed]
    return _nothing(found, f"no action of S3 but {', '.join(NEEDS.values())}")


def _nowhere_else(state: State, declared: Declared) -> Finding:
    inside = (declared.bucket_arn, declared.objects_arn)
    found = [
        grant
        for grant in _granted(state, declared)
        if grant.allows_one_of(NEEDS.values()) and not covered(inside, grant.resource)
    ]
    return _nothing(found, f"these actions on {' and '.join(inside)} alone")


def _no_other_service(state: State, declared: Declared) -> Finding:
    keys = [(action.lower(), declared.kms_key) for action in ON_KEY] if declared.kms_key else []
    found = [grant for grant in _granted(state, declared) if grant.beyond_s3]
    more = [grant for grant in found if (grant.action.lower(), grant.resource) not in keys]
    said = _nothing(
        more, "no action of another service" + (f" but {' and '.join(ON_KEY)} on the declared key" if keys else "")
    )
    onwards = [action for action in _ONWARDS if one_allows(more, action)]
    if not onwards:
        return said
    told = f"{said.actual}; by {' and '.join(onwards)} it has the rights of other roles too"
    return Finding(said.verdict, said.expected, told)


def _may_use_the_key(state: State, declared: Declared) -> Finding:
    needs_declared(declared.kms_key, "kms_key")
    each = [_may(action, state, declared) for action in ON_KEY]
    return max(each, key=lambda finding: finding.verdict)


def _nothing(found: list[Grant], expected: str) -> Finding:
    told = "; ".join(dict.fromkeys(str(grant) for grant in found))
    return judged(not found, expected, f"too much: {told}" if found else "nothing more")


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "INF-040": _exists,
        **{name: functools.partial(_may, action) for name, action in NEEDS.items()},
        "INF-049": _no_other_action,
        "INF-050": _nowhere_else,
        "INF-051": _no_other_service,
        "INF-052": _may_use_the_key,
    }
)
