"""The reference account, which meets every requirement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.required_rights import CUSTOMER_KEY, ON_BUCKET, ON_KEY, ON_OBJECTS
from registry_conformance.judge.account.state import (
    FLAGS,
    BucketState,
    Encryption,
    KeyState,
    LifecycleRule,
    RoleState,
    State,
)
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.account.tokens import provider_of
from registry_conformance.judge.target.account import Declared, Identity

SERVER = "ecs-tasks.amazonaws.com"
"""The service that runs MLflow if nothing else is declared."""


def promised(declared: Declared) -> State:
    """Return the account that meets every requirement for a declaration."""
    return State(
        bucket=Known(bucket(declared)),
        role=Known(RoleState(declared.role, Known(trust(declared)), Known(tuple(rights(declared))))),
        log_groups=MappingProxyType({group: Known(days) for group, days in declared.log_groups.items()}),
        key=Known(key(declared)) if declared.kms_key else Absent(),
    )


def key(declared: Declared) -> KeyState:
    """Return the reference KMS key: only the account decides who uses it, and there are no grants."""
    return KeyState(declared.kms_key, Known("Enabled"), Known((of_account(declared),)), Known(()))


def of_account(declared: Declared) -> Statement:
    """Return the statement of a key's policy that leaves it to the account's own policies who may use the key."""
    root = f"AWS:arn:{declared.partition}:iam::{declared.owner}:root"
    return Statement(actions=("kms:*",), resources=("*",), principals=(root,))


def bucket(declared: Declared) -> BucketState:
    """Return the reference bucket."""
    kms = declared.encryption == "aws:kms"
    encryption = Known(Encryption(declared.encryption, Known(declared.kms_key) if kms else Absent(), kms))
    return BucketState(
        name=declared.bucket,
        region=Known(declared.region),
        account=Known(declared.account),
        versioning=Known("Enabled"),
        encryption=Absent() if declared.encryption == "none" else encryption,
        public_access=Known(frozenset(FLAGS)),
        policy=Known(policy(declared)),
        ownership=Known("BucketOwnerEnforced"),
        grants=Known(()),
        lifecycle=Known(tuple(lifecycle(declared))),
        access_log=Known(declared.access_log) if declared.access_log else Absent(),
        emptied=Known(value=False),
    )


def lifecycle(declared: Declared) -> Iterable[LifecycleRule]:
    """Yield the rules that expire noncurrent versions, and abort unfinished uploads if the store needs one."""
    yield LifecycleRule("replaced-versions", noncurrent_days=declared.noncurrent_days)
    if declared.abort_days:
        yield LifecycleRule("unfinished-uploads", abort_days=declared.abort_days)


def policy(declared: Declared) -> tuple[Statement, ...]:
    """Return the statements of the bucket policy."""
    return (tls_only(declared), *((no_customer_keys(declared),) if declared.refuse_customer_keys else ()))


def no_customer_keys(declared: Declared) -> Statement:
    """Return the statement that denies uploads with customer-provided keys (SSE-C)."""
    return Statement(
        effect="Deny",
        actions=("s3:PutObject",),
        resources=(f"{declared.bucket_arn}/*",),
        principals=("*",),
        conditions=(("Null", CUSTOMER_KEY, ("false",)),),
    )


def tls_only(declared: Declared) -> Statement:
    """Return the statement that denies requests without TLS."""
    return Statement(
        effect="Deny",
        actions=("s3:*",),
        resources=(declared.bucket_arn, f"{declared.bucket_arn}/*"),
        principals=("*",),
        conditions=(("Bool", "aws:SecureTransport", ("false",)),),
    )


def trust(declared: Declared) -> tuple[Statement, ...]:
    """Return who may assume the role: the declared services and principals, and identities by their tokens."""
    named = declared.trusted or (() if declared.identities else (SERVER,))
    named = tuple(f"AWS:{each}" if re.match(r"arn:|\d{12}$", each) else f"Service:{each}" for each in named)
    by_name = (Statement(actions=("sts:AssumeRole",), principals=named),) if named else ()
    return (*by_name, *map(_by_token, declared.identities))


def _by_token(identity: Identity) -> Statement:
    """Return the statement that lets one identity assume the role."""
    provider = provider_of(identity.provider)
    operator = "StringLike" if re.search(r"[*?]", identity.subject) else "StringEquals"
    conditions: list[Condition] = [(operator, f"{provider}:sub", (identity.subject,))]
    if identity.audience:
        conditions.append(("StringEquals", f"{provider}:aud", (identity.audience,)))
    return Statement(
        actions=("sts:AssumeRoleWithWebIdentity",),
        principals=(f"Federated:{identity.provider}",),
        conditions=tuple(sorted(conditions)),
    )


def rights(declared: Declared) -> Iterable[Statement]:
    """Yield the statements of the role's policy."""
    yield Statement(actions=ON_OBJECTS, resources=(declared.objects_arn,))
    yield Statement(actions=ON_BUCKET, resources=(declared.bucket_arn,))
    if declared.kms_key:
        yield Statement(actions=ON_KEY, resources=(declared.kms_key,))
