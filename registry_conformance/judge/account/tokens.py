"""Tokens of identity providers, and which of them a trust policy lets in.

A token is told by its subject and its audience. A pattern of a condition stands for every token that it matches, and is
asked about as though it were one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from registry_conformance.judge.account.conditions import Facts, all_hold
from registry_conformance.judge.account.patterns import covers, covers_action
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Identity

TAKES_ON = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
"""The actions by which a role is taken on."""
_WHOLE = (
    r"system:serviceaccount:[^:*?]+:.+",
    r"repo:[^/:*?]+/[^/:*?]+:.+",
    r"project_path:[^:*?]+:.+",
    r"organization:[^:*?]+:project:[^:*?]+:workspace:[^:*?]+:.+",
)
"""Subjects of Kubernetes, GitHub, GitLab and HCP Terraform that say in which namespace, repository or workspace."""
_STRANGERS = (
    "system:serviceaccount:stranger:stranger",
    "repo:stranger/stranger:ref:refs/heads/main",
    "project_path:stranger/stranger:ref_type:branch:ref:main",
    "organization:stranger:project:stranger:workspace:stranger:run_phase:apply",
    "stranger",
)
_COGNITO = "cognito-identity.amazonaws.com"
_OF_PRINCIPALS = ("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths")
"""Keys that requests of principals of AWS have: whoever comes with a token is none yet."""
_ANY = "stranger"
"""A subject or an audience that no policy names."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a provider, or all that a pattern stands for; ``signed_in`` is false for Cognito's guests."""

    subject: str
    audience: str = _ANY
    signed_in: bool = True


def provider_of(principal: str) -> str:
    """Return how condition keys name the provider that a principal or an ARN stands for."""
    name = principal.removeprefix("Federated:")
    return name.rpartition(":oidc-provider/")[2] or name


def takes_on(statement: Statement) -> bool:
    """Return whether a statement is about taking the role on; one of sessions' tags alone is not."""
    if not statement.actions:
        return not all(_names(statement.not_actions, each) for each in TAKES_ON)
    return any(_names(statement.actions, each) for each in TAKES_ON)


def on_action(trust: Iterable[Statement], action: str) -> Iterator[Statement]:
    """Yield what a trust policy says of one of the actions by which a role is taken on, of that one alone.

    Principals of AWS take it on by ``sts:AssumeRole``, and tokens by ``sts:AssumeRoleWithWebIdentity``.
    """
    for each in trust:
        spared = not each.actions and not _names(each.not_actions, action)
        if _names(each.actions, action) or spared:
            yield replace(each, actions=(action,), not_actions=())


def _names(patterns: Iterable[str], action: str) -> bool:
    """Return whether one of several patterns is of an action."""
    return any(covers_action(each, action) for each in patterns)


def facts_of(token: Token, provider: str, conditions: Iterable[Condition]) -> Facts:
    """Return what is known of a request with a token: its own claims, and that it has none of another provider."""
    known = {
        f"{provider}:sub": (token.subject,),
        f"{provider}:aud": (token.audience,),
        f"{provider}:amr": ("authenticated" if token.signed_in else "unauthenticated",),
    }
    known = {key.lower(): values for key, values in known.items()}
    foreign = [key.lower() for _, key, _ in conditions if key.lower().endswith((":sub", ":aud", ":amr"))]
    return dict.fromkeys((*foreign, *_OF_PRINCIPALS), ()) | known


def lets_in(trust: Iterable[Statement], principal: str, token: Token) -> bool | None:
    """Return whether a trust policy lets a token of a principal in, ``None`` if that hangs on what is not known."""
    said: dict[str, list[bool | None]] = {"Allow": [], "Deny": []}
    _, by_token, by_assertion = TAKES_ON
    for each in on_action(trust, by_assertion if ":saml-provider/" in principal else by_token):
        if _is_of(each, principal):
            facts = facts_of(token, provider_of(principal), each.conditions)
            said[each.effect].append(all_hold(each.conditions, facts))
    if True in said["Deny"] or not {True, None} & set(said["Allow"]):
        return False
    return None if True not in said["Allow"] or None in said["Deny"] else True


def tokens(trust: Iterable[Statement], principal: str, declared: Iterable[Identity]) -> Iterator[Token]:
    """Yield the tokens to ask a trust policy about: of strangers, of whom it names, and of whom its patterns mean."""
    provider = provider_of(principal).lower()
    conditions = [one for each in trust for one in each.conditions]
    subjects, audiences = _asked_of(f"{provider}:sub", conditions), _asked_of(f"{provider}:aud", conditions)
    narrowed = [re.sub(r"[*?]", "x", each) for each in subjects]
    own = [each for each in declared if provider_of(each.provider) == provider_of(principal)]
    of_all = dict.fromkeys((*_STRANGERS, *subjects, *narrowed, *(each.subject for each in own)))
    for_all = dict.fromkeys((_ANY, *audiences, *(each.audience for each in own if each.audience)))
    signed_in_or_not = (True, False) if provider == _COGNITO else (True,)
    for subject, audience, signed_in in itertools.product(of_all, for_all, signed_in_or_not):
        yield Token(subject, audience, signed_in)


def _asked_of(claim: str, conditions: Iterable[Condition]) -> list[str]:
    """Return the values that conditions ask of a claim; a pattern is one only if it is compared as one."""
    return [
        value
        for operator, key, wanted in conditions
        if key.lower() == claim
        for value in wanted
        if "Like" in operator or not re.search(r"[*?]", value)
    ]


def is_declared(token: Token, principal: str, declared: Iterable[Identity]) -> bool:
    """Return whether a token is one of those declared of its provider."""
    return any(
        provider_of(each.provider) == provider_of(principal)
        and covers(each.subject, token.subject)
        and each.audience in {"", token.audience}
        for each in declared
    )


def is_one_identity(token: Token, principal: str) -> bool:
    """Return whether a token is of one workload: a pattern may leave open no more than its name, branch or phase.

    Of Cognito it is one pool of users, who are signed in.
    """
    if provider_of(principal) == _COGNITO:
        return token.signed_in and token.audience != _ANY and not re.search(r"[*?]", token.audience)
    if token.subject in _STRANGERS:
        return False
    return not re.search(r"[*?]", token.subject) or any(re.fullmatch(each, token.subject) for each in _WHOLE)


def _is_of(statement: Statement, principal: str) -> bool:
    if statement.not_principals:
        return principal not in statement.not_principals
    return not statement.principals or bool({principal, "*", "Federated:*"} & set(statement.principals))
