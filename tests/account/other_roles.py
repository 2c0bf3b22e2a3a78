"""Accounts with other roles than the server's: generated, and tried by requests with no code of the rules.

Who begins is a stranger of another account, a guest of Cognito or a job of GitHub. They take on what lets them, go on
by what they then have, start services with roles that they pass, and ask for artifacts in the end.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.state import RoleState
from registry_conformance.judge.account.statement import Condition, Statement, read_policy, write_policy
from tests.account.brute_force import OWN, STRANGER, Document, decided
from tests.account.moto_account import DECLARED

NAMES = ("partner", "pipeline", "etl", "tidy-up")
GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"
COGNITO = "cognito-identity.amazonaws.com"
STARTS = {
    "lambda.amazonaws.com": ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"),
    "glue.amazonaws.com": ("glue:CreateJob", "glue:UpdateJob", "glue:CreateSession"),
    "ecs-tasks.amazonaws.com": ("ecs:RunTask", "ecs:CreateService"),
}
"""Service -> actions that have it work with a role, a few of each."""
ARTIFACT = f"arn:aws:s3:::{DECLARED.bucket}/artifacts/1/run/artifacts/model.pkl"
_WHO: tuple[tuple[str, ...], ...] = (
    (f"AWS:arn:aws:iam::{STRANGER}:root",),
    (f"AWS:arn:aws:iam::{STRANGER}:role/ci", f"AWS:{OWN}"),
    (f"AWS:{OWN}",),
    *((f"AWS:arn:aws:iam::{OWN}:role/{name}",) for name in NAMES[:2]),
    *((f"Service:{service}",) for service in STARTS),
    ("*",),
)
_UNDER: tuple[tuple[Condition, ...], ...] = (
    (),
    (),
    (("StringEquals", "sts:ExternalId", ("abc",)),),
    (("StringEquals", "aws:PrincipalAccount", (OWN,)),),
    (("StringNotEquals", "aws:PrincipalAccount", (OWN,)),),
)
_MAY: tuple[Statement, ...] = (
    Statement(actions=("s3:GetObject",), resources=(f"arn:aws:s3:::{DECLARED.bucket}/*",)),
    Statement(actions=("s3:Put*",), resources=("arn:aws:s3:::hokusai-*",)),
    Statement(actions=("s3:*",), not_resources=(f"arn:aws:s3:::{DECLARED.bucket}/artifacts/*",)),
    Statement(not_actions=("s3:*", "iam:*", "sts:*"), resources=("*",)),
    Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::other/*",)),
    Statement("Deny", ("s3:*",), resources=(f"arn:aws:s3:::{DECLARED.bucket}/*",)),
    Statement("Deny", ("s3:GetObject",), resources=("*",)),
    Statement(actions=("iam:PassRole",), resources=("*",)),
    Statement(actions=("iam:PassRole",), resources=(f"arn:aws:iam::{OWN}:role/e*",)),
    Statement(
        actions=("iam:PassRole",),
        resources=("*",),
        conditions=(("StringEquals", "iam:PassedToService", ("lambda.amazonaws.com",)),),
    ),
    Statement(actions=("sts:AssumeRole",), resources=(f"arn:aws:iam::{OWN}:role/*",)),
    Statement(actions=("lambda:Create*", "glue:Get*"), resources=("*",)),
    Statement(actions=("glue:*",), resources=("*",)),
    Statement(actions=("ecs:RunTask",), resources=("*",)),
)


def roles_of(seed: int) -> tuple[RoleState, ...]:
    """Return the roles of a seed."""
    draw = random.Random(seed + 200_000)  # noqa: S311 - the same account for each seed, and no secret
    return tuple(_role(draw, name) for name in NAMES[: draw.randint(1, len(NAMES))])


def _role(draw: random.Random, name: str) -> RoleState:
    trust = Statement(
        actions=("sts:AssumeRole",),
        principals=draw.choice(_WHO),
        conditions=draw.choice(_UNDER) if draw.random() < 0.4 else (),
    )
    if draw.random() < 0.2:
        trust = _by_token(draw)
    bound = Known((draw.choice((_MAY[1], _MAY[6], Statement(actions=("*",), resources=("*",)))),))
    made = RoleState(f"arn:aws:iam::{OWN}:role/{name}", Known((trust,)), Known(tuple(draw.sample(_MAY, 3))))
    return RoleState(made.arn, made.trust, made.statements, bound) if draw.random() < 0.2 else made


def _by_token(draw: random.Random) -> Statement:
    guests = ("ForAnyValue:StringLike", f"{COGNITO}:amr", (draw.choice(("authenticated", "unauthenticated")),))
    one = ("StringEquals", f"{COGNITO}:aud", ("eu-west-1:1",))
    job = ("StringLike", "token.actions.githubusercontent.com:sub", (draw.choice(("repo:acme/site:*", "repo:acme*")),))
    who, conditions = draw.choice(((COGNITO, (guests, one)), (GITHUB, (job,))))
    return Statement(
        actions=("sts:AssumeRoleWithWebIdentity",),
        principals=(f"Federated:{who}",),
        conditions=tuple(sorted(conditions)),
    )


def reached(roles: tuple[RoleState, ...]) -> list[str]:
    """Return each request for an artifact that whoever began outside the account makes by a role, and gets through."""
    trusts = {each.arn: _document(each.trust) for each in roles}
    policies = {each.arn: _documents(each) for each in roles}
    held = {arn for arn, trust in trusts.items() if _begins(trust)}
    grown = True
    while grown:
        grown = False
        for arn in trusts.keys() - held:
            if any(_leads(one, policies[one], arn, trusts[arn]) for one in held):
                held.add(arn)
                grown = True
    asked = [(action, ARTIFACT) for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")]
    asked += [("s3:PutBucketPolicy", f"arn:aws:s3:::{DECLARED.bucket}")]
    tried = itertools.product(sorted(held), asked)
    return [f"{action} by {arn}" for arn, (action, place) in tried if _may(policies[arn], arn, action, place, {})]


def _documents(role: RoleState) -> list[Document]:
    """Return the policy of a role, and its boundary if it has one."""
    return [_document(each) for each in (role.statements, role.boundary) if isinstance(each, Known)]


def _document(fact: Any) -> Document:
    """Return a policy as the JSON that is kept of it."""
    document: Document = json.loads(write_policy(fact.value))
    assert read_policy(document)
    return document


def _begins(trust: Document) -> bool:
    """Return whether somebody from outside takes on a role at once."""
    for who in ("role/ci", "user/r"):
        arn = f"arn:aws:iam::{STRANGER}:{who}"
        caller = {"kind": "AWS", "name": arn, "account": STRANGER}
        context = {"aws:principalaccount": STRANGER, "aws:principalarn": arn, "sts:externalid": "abc"}
        if decided(trust, caller, "sts:AssumeRole", "*", context):
            return True
    return any(
        decided(trust, {"kind": "Federated", "name": name, "account": ""}, "sts:AssumeRoleWithWebIdentity", "*", token)
        for name, token in _tokens()
    )


def _tokens() -> Iterator[tuple[str, Mapping[str, str]]]:
    yield COGNITO, {f"{COGNITO}:aud": "eu-west-1:1", f"{COGNITO}:amr": "unauthenticated"}
    yield GITHUB, {"token.actions.githubusercontent.com:sub": "repo:acme-evil/x:ref:refs/heads/main"}


def _may(policies: list[Document], arn: str, action: str, resource: str, more: Mapping[str, str]) -> bool:
    who = {"kind": "AWS", "name": arn, "account": OWN}
    context = {"aws:principalaccount": OWN, "aws:principalarn": arn, **more}
    return all(decided(each, who, action, resource, context) for each in policies)


def _leads(one: str, policies: list[Document], other: str, trust: Document) -> bool:
    """Return whether whoever has one role comes to another: takes it on, or has a service start with it."""
    who = {"kind": "AWS", "name": one, "account": OWN}
    context = {"aws:principalaccount": OWN, "aws:principalarn": one}
    if decided(trust, who, "sts:AssumeRole", "*", context):
        named = any(one in str(each.get("Principal")) for each in trust["Statement"])
        if named or _may(policies, one, "sts:AssumeRole", other, {}):
            return True
    for service, starts in STARTS.items():
        by_service = {"kind": "Service", "name": service, "account": ""}
        passes = _may(policies, one, "iam:PassRole", other, {"iam:passedtoservice": service})
        begun = any(_may(policies, one, each, "*", {}) for each in starts)
        if passes and begun and decided(trust, by_service, "sts:AssumeRole", "*", {}):
            return True
    return False
