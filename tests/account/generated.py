"""Accounts made at random of features that public modules for buckets, roles and keys offer, the same for each seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.outlets import Behaviour, Origin, access_grant, backup_copy, given_out
from registry_conformance.judge.account.reference import of_account, promised, rights, tls_only, trust
from registry_conformance.judge.account.state import (
    FLAGS,
    AccessPoint,
    Called,
    LifecycleRule,
    ObjectLock,
    Outlet,
    Replica,
    State,
    Tiering,
)
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.account.tokens import provider_of
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import in_bucket, in_role
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, STRANGER, with_identity, with_kms

ENDPOINT, NETWORK, ORGANISATION = "vpce-0a1b2c3d", "203.0.113.0/24", "o-a1b2c3d4e5"
WITH_PERIMETER = replace(
    DECLARED, vpc_endpoints=(ENDPOINT,), networks=(NETWORK,), organization=ORGANISATION, replicas=("models-elsewhere",)
)
DECLARATIONS = (DECLARED, with_kms(), with_identity(), WITH_PERIMETER)
PRINCIPALS = (
    "*",
    f"AWS:arn:aws:iam::{STRANGER}:root",
    f"AWS:{STRANGER}",
    f"AWS:arn:aws:iam::{STRANGER}:role/reader",
    f"AWS:arn:aws:iam::{ACCOUNT}:root",
    f"AWS:{DECLARED.role}",
    "AWS:arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
    "Service:logging.s3.amazonaws.com",
)
WHO_COMES: tuple[Condition, ...] = (
    ("StringEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringEquals", "aws:PrincipalAccount", (ACCOUNT, STRANGER)),
    ("StringLike", "aws:PrincipalAccount", ("1*",)),
    ("StringLike", "aws:PrincipalAccount", ("*",)),
    ("StringEqualsIfExists", "aws:PrincipalAccount", (ACCOUNT,)),
    ("ForAllValues:StringEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("ForAnyValue:StringEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEquals", "aws:PrincipalAccount", (STRANGER,)),
    ("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("Null", "aws:PrincipalAccount", ("false",)),
    ("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:role/*",)),
    ("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/reader",)),
    ("StringLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:*", f"arn:aws:iam::{STRANGER}:role/r*")),
    ("ArnNotLike", "aws:PrincipalArn", (f"arn:aws:iam::{STRANGER}:*",)),
    ("StringEquals", "aws:PrincipalOrgID", (ORGANISATION,)),
    ("IpAddress", "aws:SourceIp", ("0.0.0.0/0",)),
    ("IpAddress", "aws:SourceIp", (NETWORK,)),
    ("IpAddress", "aws:SourceIp", (NETWORK, "198.51.100.0/24")),
    ("NotIpAddress", "aws:SourceIp", (NETWORK,)),
    ("StringEquals", "aws:SourceVpce", (ENDPOINT,)),
    ("StringLike", "aws:SourceVpce", ("vpce-*",)),
    ("StringEqualsIfExists", "aws:SourceVpce", (ENDPOINT,)),
    ("StringNotEquals", "aws:SourceVpce", (ENDPOINT,)),
    ("Bool", "aws:SecureTransport", ("true",)),
    ("StringLike", "aws:PrincipalAccount", ("12345678901?",)),
    ("StringEquals", "aws:PrincipalTag/team", ("models",)),
    ("StringLike", "aws:Referer", ("https://models.example/*",)),
    ("StringEquals", "s3:DataAccessPointAccount", (ACCOUNT,)),
    ("StringEquals", "s3:DataAccessPointAccount", (ACCOUNT, STRANGER)),
    ("ArnLike", "s3:DataAccessPointArn", ("arn:aws:s3:*:*:accesspoint/models",)),
    ("StringEquals", "aws:SourceVpce", (ENDPOINT, "vpce-0ffffffff")),
    ("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
    ("ArnLike", "aws:SourceArn", ("arn:aws:cloudfront::*:distribution/*",)),
    ("StringEquals", "aws:SourceArn", (f"arn:aws:sns:eu-west-1:{ACCOUNT}:t",)),
)
FOR_WHOM: tuple[Condition, ...] = (
    ("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
    ("StringEquals", "aws:SourceAccount", (ACCOUNT, STRANGER)),
    ("StringLike", "aws:SourceAccount", ("*",)),
    ("StringEqualsIfExists", "aws:SourceAccount", (ACCOUNT,)),
    ("StringNotEquals", "aws:SourceAccount", ("111111111111",)),
    ("ArnLike", "aws:SourceArn", (f"arn:aws:cloudfront::{ACCOUNT}:distribution/*",)),
    ("ArnLike", "aws:SourceArn", ("arn:aws:cloudfront::*:distribution/*",)),
    ("ArnLike", "aws:SourceArn", ("arn:aws:s3:::*",)),
    ("Bool", "aws:SecureTransport", ("true",)),
)
BY_S3: tuple[Condition, ...] = (
    ("StringEquals", "kms:ViaService", ("s3.eu-west-1.amazonaws.com",)),
    ("StringLike", "kms:ViaService", ("s3.*.amazonaws.com",)),
)
REFUSED: tuple[Condition, ...] = (
    ("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEqualsIfExists", "aws:PrincipalAccount", (ACCOUNT,)),
    ("StringNotEquals", "aws:SourceVpce", (ENDPOINT,)),
    ("NotIpAddress", "aws:SourceIp", (NETWORK,)),
    ("StringNotEquals", "aws:PrincipalOrgID", (ORGANISATION,)),
    ("Null", "s3:x-amz-server-side-encryption-customer-algorithm", ("false",)),
    ("NumericLessThan", "s3:TlsVersion", ("1.2",)),
    ("ArnNotLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:*",)),
)
SUBJECTS = (
    "system:serviceaccount:mlflow:mlflow",
    "system:serviceaccount:mlflow:*",
    "system:serviceaccount:*:mlflow",
    "system:serviceaccount:m?flow:mlflow",
    "system:serviceaccount:*:*",
    "system:*",
    "*",
    "repo:acme/registry:ref:refs/heads/main",
    "repo:acme/*",
)
OPERATORS = (
    "StringEquals",
    "StringLike",
    "StringLikeIfExists",
    "ForAnyValue:StringLike",
    "ForAllValues:StringLike",
    "ForAnyValue:StringEquals",
    "StringNotEquals",
    "StringNotLike",
)
RULES = (
    LifecycleRule("a", prefix="artifacts/", expires="after 30 days"),
    LifecycleRule("b", prefix="logs/", expires="after 30 days"),
    LifecycleRule("c", prefix="art", narrowed=True, expires="after 90 days"),
    LifecycleRule("d", enabled=False, expires="after 1 days"),
    LifecycleRule("e", expires="on 2030-01-01"),
    LifecycleRule("f", prefix="artifacts/1/", moves=(("GLACIER", "after 60 days"),)),
    LifecycleRule("g", moves=(("STANDARD_IA", "after 30 days"), ("DEEP_ARCHIVE", "after 180 days"))),
    LifecycleRule("h", moves=(("GLACIER_IR", "after 60 days"),)),
    LifecycleRule("i", moves=(("INTELLIGENT_TIERING", "after 1 days"),)),
    LifecycleRule("j", prefix="artifacts-before/", moves=(("GLACIER", "after 60 days"),)),
    LifecycleRule("k", noncurrent_days=10),
)
BUCKET: tuple[dict[str, Any], ...] = (
    {"payer": Known("Requester")},
    {"object_lock": Known(ObjectLock("COMPLIANCE", 730))},
    {"object_lock": Known(ObjectLock("GOVERNANCE", 30))},
    {"object_lock": Known(ObjectLock())},
    {"replication": Known((Replica("models-elsewhere", STRANGER),))},
    {"replication": Known((Replica("theirs", STRANGER),))},
    {"tiering": Known((Tiering("t", (("ARCHIVE_ACCESS", 90),)),))},
    {"tiering": Known((Tiering("t", (("DEEP_ARCHIVE_ACCESS", 180),), prefix="logs/"),))},
    {"mfa_delete": Known(value=True)},
    {"versioning": Known("Suspended")},
    {"public_access": Known(frozenset(FLAGS[:2]))},
    {"access_log": Absent()},
    {"ownership": Known("BucketOwnerPreferred")},
    {"ownership": Known("ObjectWriter"), "grants": Known(("READ to AllUsers",))},
)


def _granted(account: str) -> Outlet | None:
    """Return what an access grant on some artifacts gives a role of an account."""
    name, scope = DECLARED.bucket, f"s3://{DECLARED.bucket}/a*"
    return access_grant("g", "IAM", f"arn:aws:iam::{account}:role/reader", scope, name)


WITH_OUTLET = 3
"""One account of so many has something that takes artifacts out of the bucket, or that may."""
OUTLETS = (
    Outlet("the inventory all", "list-of-models", STRANGER, "is written to"),
    backup_copy("daily", f"arn:aws:backup:{REGION}:{STRANGER}:backup-vault:models"),
    Outlet("the DataSync task away", "theirs"),
    *(each for account in (ACCOUNT, STRANGER) if (each := _granted(account))),
    *given_out("D", [Origin("s3", f"{DECLARED.bucket}.s3.{REGION}.amazonaws.com")], [Behaviour("s3")], DECLARED.bucket),
    backup_copy("daily", f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:models"),
)
Draw = random.Random


@dataclass(frozen=True)
class Generated:
    """An account with what is declared of it, and the number that it was made of."""

    seed: int
    declared: Declared
    state: State


def generated(seed: int) -> Generated:
    """Return the account of a seed: the promised one, with up to four features changed."""
    draw = random.Random(seed)  # noqa: S311 - the same account for each seed, and no secret
    declared = DECLARATIONS[seed % len(DECLARATIONS)]
    state = promised(declared)
    for feature in draw.sample(FEATURES, draw.randint(1, 4)):
        state = feature(draw, state, declared)
    if seed % WITH_OUTLET == 0:
        outlet = OUTLETS[seed // WITH_OUTLET % len(OUTLETS)]
        state = in_bucket(outlets=Known((outlet,)))(state, declared)
    return Generated(seed, declared, _possible(state, declared))


def _possible(state: State, declared: Declared) -> State:
    """Return an account as AWS lets it be: where Object Lock is on, versions are kept."""
    assert isinstance(state.bucket, Known)
    if isinstance(state.bucket.value.object_lock, Absent):
        return state
    return in_bucket(versioning=Known("Enabled"))(state, declared)


def _conditions(draw: Draw, pool: tuple[Condition, ...], most: int) -> tuple[Condition, ...]:
    found = {(operator, key): wanted for operator, key, wanted in draw.sample(pool, draw.randint(0, most))}
    return tuple(sorted((operator, key, wanted) for (operator, key), wanted in found.items()))


def _bucket_policy(draw: Draw, state: State, declared: Declared) -> State:
    """Let somebody in, and perhaps refuse some of them."""
    places = (declared.bucket_arn, f"{declared.bucket_arn}/*")
    said = [tls_only(declared)]
    for _ in range(draw.randint(1, 2)):
        said.append(
            Statement(
                actions=draw.choice((("s3:GetObject",), ("s3:GetObject", "s3:PutObject"), ("s3:*",), ("s3:Get*",))),
                resources=draw.choice((places, places[1:], (declared.objects_arn,))),
                principals=(draw.choice(PRINCIPALS),),
                conditions=_conditions(draw, WHO_COMES, 2),
            )
        )
    if draw.random() < 0.6:
        refused = _conditions(draw, REFUSED, 2)
        said.append(
            Statement("Deny", ("s3:*",), resources=places, principals=("*",), conditions=refused or REFUSED[:1])
        )
    return in_bucket(policy=Known(tuple(said)))(state, declared)


def _access_point(draw: Draw, state: State, declared: Declared) -> State:
    """Let somebody in through an access point."""
    arn = f"arn:aws:s3:{declared.region}:{ACCOUNT}:accesspoint/models"
    said = Statement(
        actions=("s3:GetObject",),
        resources=(f"{arn}/object/*",),
        principals=(draw.choice(PRINCIPALS[:6]),),
        conditions=_conditions(draw, WHO_COMES, 1),
    )
    return in_bucket(access_points=Known((AccessPoint("models", Known((said,))),)))(state, declared)


def _lent(draw: Draw, state: State, declared: Declared) -> State:
    """Let a service of AWS in, for whom a condition says, or for anybody."""
    service = draw.choice(("cloudfront.amazonaws.com", "logging.s3.amazonaws.com"))
    said = Statement(
        actions=(draw.choice(("s3:GetObject", "s3:PutObject", "s3:*")),),
        resources=(f"{declared.bucket_arn}/*",),
        principals=(f"Service:{service}",),
        conditions=_conditions(draw, FOR_WHOM, 2),
    )
    return in_bucket(policy=Known((tls_only(declared), said)))(state, declared)


def _calls(draw: Draw, state: State, declared: Declared) -> State:
    """Have the bucket call a function whose role may do something."""
    may = Statement(
        actions=draw.choice((("s3:GetObject",), ("s3:Delete*",), ("s3:*",), ("s3:DeleteObject", "sns:Publish"))),
        resources=(draw.choice((declared.objects_arn, f"{declared.bucket_arn}/thumbnails/*", "*")),),
    )
    spared = Statement("Deny", ("s3:DeleteObject*",), resources=(f"{declared.bucket_arn}/*",))
    said = (may, spared) if draw.random() < 0.3 else (may,)
    function = f"arn:aws:lambda:{declared.region}:{ACCOUNT}:function:tidy-up"
    return in_bucket(calls=Known((Called(function, Known(said)),)))(state, declared)


def _trust(draw: Draw, state: State, declared: Declared) -> State:
    """Let somebody take on the role: a principal under conditions, or tokens."""
    if not declared.identities or draw.random() < 0.3:
        who = (draw.choice(PRINCIPALS[:5]),)
        conditions = _conditions(draw, WHO_COMES[:14], 1)
        added = Statement(actions=("sts:AssumeRole",), principals=who, conditions=conditions)
        return in_role(trust=Known((*trust(declared), added)))(state, declared)
    identity = declared.identities[0]
    provider = provider_of(identity.provider)
    subjects = tuple(sorted({identity.subject, *draw.sample(SUBJECTS, draw.randint(0, 2))}))
    conditions = (
        (draw.choice(OPERATORS), f"{provider}:sub", subjects),
        draw.choice(
            (
                ("StringEquals", f"{provider}:aud", (identity.audience,)),
                ("StringLike", f"{provider}:aud", ("sts*",)),
                ("StringNotEquals", f"{provider}:aud", ("other",)),
            )
        ),
    )
    named = {(operator, key): wanted for operator, key, wanted in conditions}
    lets_in = Statement(
        actions=("sts:AssumeRoleWithWebIdentity",),
        principals=(f"Federated:{identity.provider}",),
        conditions=tuple(sorted((operator, key, wanted) for (operator, key), wanted in named.items())),
    )
    return in_role(trust=Known((lets_in,)))(state, declared)


def _rights(draw: Draw, state: State, declared: Declared) -> State:
    """Give the role more than it needs, or less."""
    more = draw.choice(
        (
            Statement(actions=("iam:PassRole",), resources=("*",)),
            Statement(actions=("sts:AssumeRole",), resources=(f"arn:aws:iam::{STRANGER}:role/*",)),
            Statement(actions=("s3:DeleteObject*",), resources=(declared.objects_arn,)),
            Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::other/*",)),
            Statement("Deny", ("s3:PutObject",), resources=("*",)),
        )
    )
    return in_role(statements=Known((*rights(declared), more)))(state, declared)


def _lifecycle(draw: Draw, state: State, declared: Declared) -> State:
    """Add rules to the lifecycle, or leave out those that are promised."""
    assert isinstance(state.bucket, Known)
    own = state.bucket.value.lifecycle
    kept = own.value if isinstance(own, Known) and draw.random() < 0.8 else ()
    return in_bucket(lifecycle=Known((*kept, *draw.sample(RULES, draw.randint(1, 3)))))(state, declared)


def _setting(draw: Draw, state: State, declared: Declared) -> State:
    """Change one setting of the bucket."""
    return in_bucket(**draw.choice(BUCKET))(state, declared)


def _key(draw: Draw, state: State, declared: Declared) -> State:
    """Change the key where one is declared."""
    if not isinstance(state.key, Known):
        return _setting(draw, state, declared)
    who, under = draw.choice(PRINCIPALS[:5]), _conditions(draw, (*WHO_COMES[:14], *BY_S3), 1)
    added = Statement(actions=("kms:Decrypt",), resources=("*",), principals=(who,), conditions=under)
    changed = replace(
        state.key.value,
        state=Known(draw.choice(("Enabled", "Enabled", "Disabled"))),
        policy=Known((of_account(declared), added)),
        grants=Known(draw.choice(((), (f"arn:aws:iam::{STRANGER}:role/reader",), (declared.role,)))),
    )
    return replace(state, key=Known(changed))


FEATURES: tuple[Callable[[Draw, State, Declared], State], ...] = (
    _bucket_policy,
    _access_point,
    _lent,
    _calls,
    _trust,
    _rights,
    _lifecycle,
    _setting,
    _key,
)
