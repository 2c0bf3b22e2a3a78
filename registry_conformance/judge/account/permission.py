"""Evaluates statements for one request as IAM does.

A condition that depends on unknown facts decides nothing: neither allowed nor denied.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from registry_conformance.judge.account.conditions import Facts, holds, names_of, resolved
from registry_conformance.judge.account.patterns import account_of, covers, covers_action, is_role_session
from registry_conformance.judge.account.statement import Statement

DECLARED_BY: Mapping[str, str] = MappingProxyType(
    {
        "aws:sourcevpce": "vpc_endpoints",
        "aws:sourcevpc": "vpc",
        "aws:sourceip": "networks",
        "aws:vpcsourceip": "networks",
        "aws:principalorgid": "organization",
        "aws:resourceorgid": "organization",
    }
)
"""Context key -> the field of ``[infrastructure]`` that says what the server's requests have there."""


class AccessDecision(enum.Enum):
    """IAM's decision on a request."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    OUTRANKED = "denied by a policy of the organisation"
    NOT_ALLOWED = "allowed by no statement"
    DEPENDS = "decided by a condition that cannot be judged from outside"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a principal."""

    action: str
    resource: str
    principal: str = ""
    facts: Facts = field(default_factory=dict)


def decide(statements: Iterable[Statement], request: Request) -> AccessDecision:
    """Return the decision of these statements on a request; a denial takes precedence."""
    matching = {
        (statement.effect, found) for statement in statements if (found := concerns(statement, request)) != "no"
    }
    if ("Deny", "yes") in matching:
        return AccessDecision.DENIED
    if ("Deny", "depends") in matching:
        return AccessDecision.DEPENDS
    if ("Allow", "yes") in matching:
        return AccessDecision.ALLOWED
    return AccessDecision.DEPENDS if matching else AccessDecision.NOT_ALLOWED


def concerns(statement: Statement, request: Request) -> str:
    """Return whether a statement applies to a request: ``yes``, ``no``, or ``depends``."""
    met = [
        _named(statement.actions, statement.not_actions, request.action, covers_action, request.facts),
        _named(statement.resources, statement.not_resources, request.resource, covers, request.facts),
        _is_of(statement, request.principal),
        *(holds(condition, request.facts) for condition in statement.conditions),
    ]
    if False in met:
        return "no"
    return "depends" if None in met else "yes"


def field_for(key: str) -> str:
    """Return the field of ``[infrastructure]`` that declares a context key of the server's requests, empty for none."""
    return "principal_tags" if key.lower().startswith("aws:principaltag/") else DECLARED_BY.get(key.lower(), "")


def doubts(statements: Iterable[Statement], request: Request) -> str:
    """Return the conditions that a decision depends on, as in the policy."""
    unclear = [each for each in statements if concerns(each, request) == "depends"]
    conditions = [c for each in unclear for c in each.conditions if holds(c, request.facts) is None]
    told = dict.fromkeys(f"{operator} {key} {', '.join(wanted)}" for operator, key, wanted in conditions)
    variables = [name for each in unclear for one in (*each.resources, *each.not_resources) for name in names_of(one)]
    told |= {f"${{{name}}}": None for name in variables if resolved(f"${{{name}}}", request.facts) is None}
    return "; ".join(told) + to_declare((*(key for _, key, _ in conditions), *variables))


def to_declare(keys: Iterable[str]) -> str:
    """Return the end of a sentence about missing declarations: the fields to set, empty for none."""
    fields = dict.fromkeys(field for key in keys if (field := field_for(key)))
    missing = [f"infrastructure.{field}" for field in fields]
    return f": declare {' and '.join(missing)}" if missing else ""


def _named(
    patterns: tuple[str, ...], but: tuple[str, ...], name: str, match: Callable[[str, str], bool], facts: Facts
) -> bool | None:
    """Return whether patterns match something, or everything but it; ``None`` if that depends on a variable."""
    known = [resolved(pattern, facts) for pattern in (but or patterns)]
    found = any(match(pattern, name) for pattern in known if pattern is not None)
    if not found and None in known:
        return None
    if but:
        return not found
    return found or not patterns


def _is_of(statement: Statement, principal: str) -> bool | None:
    """Return whether a statement applies to a principal; it may apply to some of a role's sessions only."""
    if not statement.not_principals:
        met = [_means(each, principal) for each in statement.principals]
        if True in met or not met:
            return True
        return None if None in met else False
    spared = any(each == "*" or each.removeprefix("AWS:") == principal for each in statement.not_principals)
    if statement.effect == "Deny" and spared:
        return None  # a session of a role is spared only if it is named itself beside the role
    return not spared


def _means(named: str, principal: str) -> bool | None:
    """Return whether a policy's principal means a given one; an account stands for everyone in it."""
    name = named.removeprefix("AWS:")
    if name in {"*", principal}:
        return True
    if name.isdigit() or name.endswith(":root"):
        return account_of(name) == account_of(principal)
    return None if is_role_session(name, principal) else False
