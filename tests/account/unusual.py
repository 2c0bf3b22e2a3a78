"""Accounts of rarer shapes than those of public modules: what else the grammar of policies and lifecycles can say."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import promised, rights, tls_only, trust
from registry_conformance.judge.account.required_rights import ON_BUCKET, ON_OBJECTS
from registry_conformance.judge.account.state import LifecycleRule, State
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.account.tokens import provider_of
from registry_conformance.judge.target.account import Declared, Identity
from registry_conformance.lab.faults.accounts.fault import in_bucket, in_role
from tests.account.generated import ENDPOINT, NETWORK, ORGANISATION, WITH_PERIMETER, Draw, Generated
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER, with_identity

GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
WITH_GITHUB = replace(
    DECLARED, trusted=(), identities=(Identity(GITHUB, "repo:acme/registry:ref:refs/heads/main", "sts.amazonaws.com"),)
)
DECLARATIONS = (DECLARED, with_identity(), WITH_PERIMETER, WITH_GITHUB)
OWN_ROOT, OWN_ROLE = f"AWS:arn:aws:iam::{ACCOUNT}:root", f"AWS:{DECLARED.role}"
WHO: tuple[tuple[str, ...], ...] = (
    ("*",),
    (OWN_ROLE, "*"),
    (OWN_ROOT, f"AWS:arn:aws:iam::{STRANGER}:role/reader"),
    (f"AWS:arn:aws:iam::{STRANGER}:user/r", f"AWS:{ACCOUNT}"),
    (f"AWS:{STRANGER}",),
    (OWN_ROOT,),
)
LETS: tuple[Condition, ...] = (
    ("StringEquals", "AWS:PRINCIPALACCOUNT", (ACCOUNT,)),
    ("StringEquals", "aws:principalaccount", (STRANGER,)),
    ("StringEqualsIgnoreCase", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEqualsIgnoreCase", "aws:PrincipalAccount", (STRANGER,)),
    ("StringEquals", "aws:PrincipalAccount", ("${aws:ResourceAccount}",)),
    ("StringLike", "aws:PrincipalAccount", ("${aws:PrincipalAccount}",)),
    ("StringEquals", "aws:PrincipalTag/team", ("${aws:PrincipalTag/team}",)),
    ("StringNotEquals", "aws:PrincipalTag/team", ("models",)),
    ("ForAllValues:StringEquals", "aws:TagKeys", ("team",)),
    ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", (f"{ORGANISATION}/*",)),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", (f"{ORGANISATION}/*",)),
    ("StringLike", "aws:PrincipalOrgID", ("o-*",)),
    ("StringEqualsIfExists", "aws:PrincipalOrgID", (ORGANISATION,)),
    ("ForAnyValue:ArnLike", "aws:PrincipalArn", ("arn:*:iam::123456789012:*",)),
    ("ArnLikeIfExists", "aws:PrincipalArn", ("arn:aws:iam::12345678901?:role/*",)),
    ("ArnEquals", "aws:PrincipalArn", ("arn:aws:iam::*:role/deployer",)),
    ("StringNotLike", "aws:PrincipalArn", (f"arn:aws:iam::{STRANGER}:role/*",)),
    ("ForAllValues:StringNotEquals", "aws:PrincipalAccount", (STRANGER, "111111111111")),
    ("Null", "aws:PrincipalArn", ("true",)),
    ("Null", "aws:SourceVpce", ("true",)),
    ("Null", "aws:SourceVpce", ("false",)),
    ("BoolIfExists", "aws:PrincipalIsAWSService", ("false",)),
    ("Bool", "aws:ViaAWSService", ("true",)),
    ("DateLessThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)),
    ("DateLessThan", "aws:CurrentTime", ("2999-01-01T00:00:00Z",)),
    ("DateGreaterThan", "aws:CurrentTime", ("2997-01-01T00:00:00Z",)),
    ("DateGreaterThan", "aws:currenttime", ("2020-01-01T00:00:00Z",)),
    ("StringEqualsIfExists", "aws:SourceAccount", (ACCOUNT,)),
    ("StringEquals", "aws:PrincipalType", ("AssumedRole",)),
    ("StringLike", "s3:prefix", ("artifacts/*",)),
    ("StringEquals", "s3:ExistingObjectTag/public", ("yes",)),
    ("StringLikeIfExists", "s3:DataAccessPointAccount", ("9*",)),
    ("Null", "s3:DataAccessPointAccount", ("false",)),
    ("NotIpAddressIfExists", "aws:SourceIp", (NETWORK,)),
    ("IpAddressIfExists", "aws:SourceIp", (NETWORK,)),
    ("StringNotEqualsIfExists", "aws:SourceVpce", (ENDPOINT,)),
    ("StringLike", "aws:userid", ("*:models",)),
    ("StringLike", "aws:UserId", ("AROA*:models", "AIDAOFTHEACCOUNTITSELF")),
    ("StringLike", "aws:userid", ("AROAOFTHEACCOUNTITSELF:*",)),
)
REFUSES: tuple[Condition, ...] = (
    ("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEqualsIgnoreCase", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEqualsIfExists", "AWS:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEquals", "aws:PrincipalAccount", ("${aws:ResourceAccount}",)),
    ("ForAnyValue:StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("ForAllValues:StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("ArnNotLikeIfExists", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:*",)),
    ("StringNotLike", "aws:PrincipalArn", (f"arn:*:iam::{ACCOUNT}:*", f"arn:aws:iam::{STRANGER}:role/reader")),
    ("StringEquals", "aws:PrincipalAccount", (STRANGER,)),
    ("Null", "aws:PrincipalAccount", ("true",)),
    ("Null", "aws:PrincipalOrgID", ("true",)),
    ("StringNotEqualsIfExists", "aws:PrincipalOrgID", (ORGANISATION,)),
    ("DateGreaterThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)),
    ("DateGreaterThan", "aws:CurrentTime", ("2997-01-01T00:00:00Z",)),
    ("DateLessThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)),
    ("Bool", "aws:SecureTransport", ("true",)),
    ("BoolIfExists", "aws:PrincipalIsAWSService", ("false",)),
    ("StringNotEqualsIfExists", "aws:SourceVpce", (ENDPOINT,)),
    ("StringNotEquals", "aws:PrincipalTag/team", ("models",)),
    ("StringNotEquals", "s3:ExistingObjectTag/public", ("yes",)),
    ("StringNotLike", "aws:userid", ("*:models",)),
    ("StringNotLike", "aws:userid", ("AROAOFTHEACCOUNTITSELF:*",)),
)
ACTIONS: tuple[tuple[str, ...], ...] = (
    ("S3:getobject",),
    ("s3:*Object",),
    ("s3:GetObject", "s3:ListBucket"),
    ("s3:Get*", "s3:List*"),
    ("*",),
    ("s3:PutBucketPolicy", "s3:GetObject"),
    ("s3:GetObject?cl",),
)
CLAIMS: tuple[Condition, ...] = (
    ("StringEquals", "sub", ("{subject}",)),
    ("StringEqualsIgnoreCase", "sub", ("{subject}",)),
    ("ForAnyValue:StringEquals", "SUB", ("{subject}",)),
    ("ForAllValues:StringEquals", "sub", ("{subject}",)),
    ("StringEqualsIfExists", "sub", ("{subject}",)),
    ("StringLike", "sub", ("repo:acme/*",)),
    ("StringLike", "sub", ("repo:acme/registry:*",)),
    ("StringLike", "sub", ("system:serviceaccount:mlflow:*", "{subject}")),
    ("StringLike", "sub", ("*:mlflow",)),
    ("StringNotLike", "sub", ("system:serviceaccount:ci:*",)),
    ("Null", "sub", ("false",)),
    ("StringEquals", "aud", ("sts.amazonaws.com",)),
    ("StringEqualsIgnoreCase", "aud", ("STS.amazonaws.com",)),
    ("ForAllValues:StringEquals", "aud", ("sts.amazonaws.com",)),
    ("StringNotEquals", "aud", ("vault",)),
    ("StringLike", "aud", ("*",)),
)
RULES = (
    LifecycleRule("early-some", prefix="artifacts/1/", noncurrent_days=3),
    LifecycleRule("early-tagged", narrowed=True, noncurrent_days=3),
    LifecycleRule("twice", noncurrent_days=90),
    LifecycleRule("later", noncurrent_days=400),
    LifecycleRule("past", prefix="artifacts/1/run", expires="on 2020-01-01"),
    LifecycleRule("exactly", prefix="artifacts/1/run/artifacts/model.pkl", expires="after 3650 days"),
    LifecycleRule("beside", prefix="artifacts.old/", expires="after 1 days"),
    LifecycleRule("archive", prefix="artifacts/7", narrowed=True, moves=(("GLACIER", "on 2031-01-01"),)),
    LifecycleRule("off", enabled=False, moves=(("DEEP_ARCHIVE", "after 1 days"),)),
)


def unusual(seed: int) -> Generated:
    """Return the account of a seed: the promised one, with up to three rarer features."""
    draw = random.Random(seed + 100_000)  # noqa: S311 - the same account for each seed, and no secret
    declared = DECLARATIONS[seed % len(DECLARATIONS)]
    state = promised(declared)
    for feature in draw.sample(FEATURES, draw.randint(1, 3)):
        state = feature(draw, state, declared)
    return Generated(seed, declared, state)


def _some(draw: Draw, pool: tuple[Condition, ...], most: int) -> tuple[Condition, ...]:
    found = {
        (operator, key.lower()): (operator, key, wanted)
        for operator, key, wanted in draw.sample(pool, draw.randint(0, most))
    }
    return tuple(sorted(found.values()))


def _who_comes(draw: Draw, state: State, declared: Declared) -> State:
    """Let somebody in by rarer elements, and refuse some of them in one statement or in several."""
    bucket, objects = declared.bucket_arn, f"{declared.bucket_arn}/*"
    actions = draw.choice(ACTIONS)
    places = draw.choice(((bucket, objects), (f"{bucket}*",), (objects,), ("arn:aws:s3:::hokusai-*",)))
    lets = Statement(actions=actions, resources=places, principals=draw.choice(WHO), conditions=_some(draw, LETS, 2))
    if draw.random() < 0.2:
        lets = replace(lets, actions=(), not_actions=draw.choice((("s3:PutObject",), ("s3:Get*",), ("iam:*",))))
    if draw.random() < 0.2:
        lets = replace(lets, resources=(), not_resources=(f"{bucket}/public/*",))
    if draw.random() < 0.15:
        lets = replace(lets, principals=(), not_principals=(OWN_ROLE,))
    said = (tls_only(declared), lets, *(_refusals(draw, declared) if draw.random() < 0.7 else ()))
    return in_bucket(policy=Known(said))(state, declared)


def _refusals(draw: Draw, declared: Declared) -> tuple[Statement, ...]:
    bucket, objects = declared.bucket_arn, f"{declared.bucket_arn}/*"
    conditions = draw.sample(REFUSES, 1) if draw.random() < 0.8 else draw.sample(REFUSES, 2)
    if len({operator + key.lower() for operator, key, _ in conditions}) < len(conditions):
        conditions = conditions[:1]
    whole = Statement("Deny", ("s3:*",), resources=(bucket, objects), principals=("*",), conditions=tuple(conditions))
    return draw.choice(
        (
            (whole,),
            (replace(whole, resources=(objects,)), replace(whole, resources=(bucket,))),
            (replace(whole, actions=("s3:Get*", "s3:Put*"), resources=(f"{bucket}*",)),),
            (replace(whole, actions=(), not_actions=("s3:ListBucket",)),),
            (replace(whole, resources=(), not_resources=(f"{bucket}/artifacts/*",)),),
            (replace(whole, actions=("s3:GetObject*",)), replace(whole, actions=("s3:List*", "s3:PutBucketPolicy"))),
            (replace(whole, principals=(), not_principals=(OWN_ROLE, OWN_ROOT), conditions=()),),
            (replace(whole, principals=(), not_principals=(f"AWS:arn:aws:iam::{STRANGER}:root", OWN_ROOT)),),
        )
    )


def _trust(draw: Draw, state: State, declared: Declared) -> State:
    """Let somebody take on the role by rarer conditions, on tokens or on whose ARN it is."""
    if not declared.identities or draw.random() < 0.3:
        who = draw.choice(WHO)
        said = Statement(actions=("sts:*",), principals=who, conditions=_some(draw, LETS[:28], 2))
        refused = Statement("Deny", ("sts:AssumeRole",), principals=("*",), conditions=_some(draw, REFUSES[:9], 1))
        added = (said, refused) if refused.conditions and draw.random() < 0.5 else (said,)
        return in_role(trust=Known((*trust(declared), *added)))(state, declared)
    identity = declared.identities[0]
    provider = provider_of(identity.provider)
    conditions: list[Condition] = []
    for operator, claim, patterns in _some(draw, CLAIMS, 3):
        wanted = tuple(each.format(subject=identity.subject) for each in patterns)
        conditions.append((operator, f"{provider}:{claim}", wanted))
    lets_in = Statement(
        actions=("sts:AssumeRoleWithWebIdentity",),
        principals=(f"Federated:{identity.provider}",),
        conditions=tuple(sorted(conditions)),
    )
    return in_role(trust=Known((lets_in,)))(state, declared)


def _rights(draw: Draw, state: State, declared: Declared) -> State:
    """Give the role its rights in another shape, with more or with less than it needs."""
    own, objects = tuple(rights(declared)), declared.objects_arn
    shapes: tuple[tuple[Statement, ...], ...] = (
        (replace(own[0], resources=(f"{declared.bucket_arn}/${{aws:PrincipalTag/team}}/*",)), *own[1:]),
        (Statement(not_actions=("s3:DeleteBucket",), resources=(objects,)), *own[1:]),
        (replace(own[0], resources=(), not_resources=(f"{declared.bucket_arn}/logs/*",)), *own[1:]),
        (*own, Statement("Deny", not_actions=(*ON_OBJECTS, *ON_BUCKET), resources=("*",))),
        (Statement(actions=("s3:*",), resources=(declared.bucket_arn, objects)), *own[2:]),
        (*own, Statement("Deny", ("s3:*",), not_resources=(declared.bucket_arn, objects))),
        (*own, Statement("Deny", ("s3:DeleteObject",), resources=("*",), conditions=(draw.choice(REFUSES[9:17]),))),
        (replace(own[0], conditions=(("DateLessThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)),)), *own[1:]),
        (*own, Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::*/artifacts/*",))),
        (replace(own[0], actions=tuple(each.upper() for each in ON_OBJECTS)), *own[1:]),
    )
    return in_role(statements=Known(draw.choice(shapes)))(state, declared)


def _lifecycle(draw: Draw, state: State, declared: Declared) -> State:
    """Add rules of rarer filters and dates to the lifecycle, perhaps in the place of those that are promised."""
    assert isinstance(state.bucket, Known)
    own = state.bucket.value.lifecycle
    kept = own.value if isinstance(own, Known) and draw.random() < 0.7 else ()
    return in_bucket(lifecycle=Known((*kept, *draw.sample(RULES, draw.randint(1, 3)))))(state, declared)


FEATURES: tuple[Callable[[Draw, State, Declared], State], ...] = (_who_comes, _who_comes, _trust, _rights, _lifecycle)
