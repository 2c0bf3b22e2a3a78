"""The resources that make an account, with the attributes that the AWS provider gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known
from registry_conformance.judge.account.state import (
    FLAGS,
    BucketState,
    KeyState,
    LifecycleRule,
    RoleState,
    State,
    Tiering,
)
from registry_conformance.judge.account.statement import write_policy
from tests.account.outlet_kinds import kind_of
from tests.account.plan_calls import calls_of
from tests.account.plan_part import Part
from tests.account.realise import by_policy

_FLAGS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")

OWNER_PAYS = Known("BucketOwner")


def parts(state: State) -> Iterator[Part]:
    """Yield the resources of an account, each that refers to another after it."""
    if isinstance(state.bucket, Known):
        yield from _bucket(state.bucket.value)
    if isinstance(state.role, Known):
        yield from _role(state.role.value)
    if isinstance(state.bucket, Known):
        yield from _ways(state.bucket.value)
    for arn, trust in state.named_roles.items():
        yield from _other_role(RoleState(arn, trust, Known(())))
    for role in _value(state.roles):
        yield from _other_role(role)
    if isinstance(state.key, Known):
        yield from _key(state.key.value)
    for group, days in state.log_groups.items():
        if isinstance(days, Known):
            yield Part("aws_cloudwatch_log_group", {"name": group, "retention_in_days": days.value}, ("id", "arn"))


def _bucket(bucket: BucketState) -> Iterator[Part]:
    tags = {
        "force_destroy": bucket.emptied == Known(value=True),
        "object_lock_enabled": None,
        "tags": {"service": "mlflow"},
        "bucket": bucket.name,
    }
    yield Part("aws_s3_bucket", tags, ("id", "arn", "region", "bucket_domain_name", "hosted_zone_id", "acl", "policy"))
    for kind, values in (
        ("versioning", _versioning(bucket)),
        ("server_side_encryption_configuration", _encryption(bucket)),
        ("public_access_block", _public_access(bucket)),
        ("ownership_controls", _ownership(bucket)),
        ("acl", {"acl": "public-read"} if isinstance(bucket.grants, Known) and bucket.grants.value else None),
        ("lifecycle_configuration", _lifecycle(bucket)),
        ("logging", _access_log(bucket)),
        ("policy", {"policy": write_policy(bucket.policy.value)} if isinstance(bucket.policy, Known) else None),
        ("request_payment_configuration", {"payer": _value(bucket.payer)} if bucket.payer != OWNER_PAYS else None),
        ("object_lock_configuration", _object_lock(bucket)),
        ("replication_configuration", _replication(bucket)),
        *(("intelligent_tiering_configuration", _tiering(each)) for each in _value(bucket.tiering)),
    ):
        if values is not None:
            yield Part(f"aws_s3_bucket_{kind}", values, ("id",), {"bucket": "aws_s3_bucket"})


def _ways(bucket: BucketState) -> Iterator[Part]:
    """Yield what leads to the bucket past its policy, and the functions that it calls with their roles."""
    for point in _value(bucket.access_points):
        text = write_policy(point.policy.value) if isinstance(point.policy, Known) else None
        if point.alias is not None:
            behind = [{"name": point.name, "region": [{"bucket": bucket.name}]}]
            yield Part("aws_s3control_multi_region_access_point", {"details": behind}, ("id", "arn", "alias"))
            said = [{"name": point.name, "policy": text}]
            yield Part("aws_s3control_multi_region_access_point_policy", {"details": said}, ("id",))
            continue
        yield Part(
            "aws_s3_access_point",
            {"name": point.name, "policy": text},
            ("id", "arn"),
            {"bucket": "aws_s3_bucket"},
        )
    for outlet in _value(bucket.outlets):
        yield from kind_of(outlet).parts(bucket.name, outlet)
    yield from calls_of(bucket, _other_role)


def _other_role(role: RoleState) -> Iterator[Part]:
    """Yield a role beside the server's, which is there already: its name and its ARN are known."""
    name, trust = role.arn.rpartition("/")[2], write_policy(_value(role.trust))
    values = {"name": name, "arn": role.arn, "path": "/", "assume_role_policy": trust, "permissions_boundary": None}
    yield Part("aws_iam_role", values, ("unique_id",), label=name)
    if statements := _value(role.statements):
        policy = {"name": "own", "role": name, "policy": write_policy(statements)}
        yield Part("aws_iam_role_policy", policy, ("id",), label=name)


def _value(fact: Fact[Any]) -> Any:
    assert isinstance(fact, Known)
    return fact.value


def _object_lock(bucket: BucketState) -> dict[str, Any] | None:
    if not isinstance(bucket.object_lock, Known):
        return None
    found = bucket.object_lock.value
    retention = [{"mode": found.mode, "days": found.days, "years": None}]
    return {"object_lock_enabled": "Enabled", "rule": [{"default_retention": retention}] if found.mode else []}


def _replication(bucket: BucketState) -> dict[str, Any] | None:
    rules = [
        {
            "id": each.bucket,
            "status": "Enabled",
            "filter": [{"prefix": "", "tag": [], "and": []}],
            "destination": [{"bucket": f"arn:aws:s3:::{each.bucket}", "account": each.account, "storage_class": None}],
        }
        for each in _value(bucket.replication)
    ]
    return {"role": "arn:aws:iam::123456789012:role/replication", "rule": rules} if rules else None


def _tiering(found: Tiering) -> dict[str, Any]:
    tiers = [{"access_tier": tier, "days": days} for tier, days in found.tiers]
    filters = [{"prefix": found.prefix, "tags": None}] if found.prefix else []
    return {"name": found.name, "status": "Enabled", "filter": filters, "tiering": tiers}


def _key(key: KeyState) -> Iterator[Part]:
    text = write_policy(_value(key.policy))
    enabled = key.state == Known("Enabled")
    yield Part("aws_kms_key", {"arn": key.arn, "is_enabled": enabled, "policy": text}, ("id", "key_id"))
    for each in _value(key.grants):
        yield Part("aws_kms_grant", {"key_id": key.arn, "grantee_principal": each, "operations": ["Decrypt"]}, ("id",))


def _versioning(bucket: BucketState) -> dict[str, Any] | None:
    if not isinstance(bucket.versioning, Known):
        return None
    with_device = "Enabled" if bucket.mfa_delete == Known(value=True) else None
    return {
        "mfa": None,
        "versioning_configuration": [{"status": bucket.versioning.value, "mfa_delete": with_device}],
    }


def _encryption(bucket: BucketState) -> dict[str, Any] | None:
    if not isinstance(bucket.encryption, Known):
        return None
    found = bucket.encryption.value
    key = found.key.value if isinstance(found.key, Known) else ""
    default = {"sse_algorithm": found.algorithm, "kms_master_key_id": key}
    return {"rule": [{"apply_server_side_encryption_by_default": [default], "bucket_key_enabled": found.bucket_key}]}


def _public_access(bucket: BucketState) -> dict[str, Any] | None:
    if not isinstance(bucket.public_access, Known):
        return None
    return {name: flag in bucket.public_access.value for name, flag in zip(_FLAGS, FLAGS, strict=True)}


def _ownership(bucket: BucketState) -> dict[str, Any] | None:
    found = bucket.ownership
    return {"rule": [{"object_ownership": found.value}]} if isinstance(found, Known) else None


def _access_log(bucket: BucketState) -> dict[str, Any] | None:
    if not isinstance(bucket.access_log, Known):
        return None
    into, prefix = bucket.access_log.value
    return {"target_bucket": into, "target_prefix": prefix, "target_grant": []}


def _lifecycle(bucket: BucketState) -> dict[str, Any] | None:
    found = bucket.lifecycle
    return {"rule": [_rule(rule) for rule in found.value]} if isinstance(found, Known) else None


def _rule(rule: LifecycleRule) -> dict[str, Any]:
    plain: dict[str, Any] = {"and": [], "object_size_greater_than": None, "object_size_less_than": None, "tag": []}
    both = {"object_size_greater_than": 0, "object_size_less_than": 0, "prefix": rule.prefix, "tags": {"kind": "tmp"}}
    noncurrent = {"noncurrent_days": rule.noncurrent_days, "newer_noncurrent_versions": rule.keeps or None}
    return {
        "id": rule.name,
        "status": "Enabled" if rule.enabled else "Disabled",
        "filter": [plain | ({"and": [both], "prefix": ""} if rule.narrowed else {"prefix": rule.prefix})],
        "expiration": [_when(rule.expires) | {"expired_object_delete_marker": None}] if rule.expires else [],
        "transition": [_when(moment) | {"storage_class": storage} for storage, moment in rule.moves],
        "noncurrent_version_expiration": [noncurrent] if rule.noncurrent_days else [],
        "noncurrent_version_transition": [],
        "abort_incomplete_multipart_upload": [{"days_after_initiation": rule.abort_days}] if rule.abort_days else [],
    }


def _when(told: str) -> dict[str, Any]:
    days = re.fullmatch(r"after (\d+) days", told)
    return {"days": int(days[1]) if days else None, "date": None if days else f"{told.removeprefix('on ')}T00:00:00Z"}


def _role(role: RoleState) -> Iterator[Part]:
    assert isinstance(role.trust, Known)
    assert isinstance(role.statements, Known)
    bounded = isinstance(role.boundary, Known)
    yield Part(
        "aws_iam_role",
        {
            "name": role.arn.rpartition("/")[2],
            "path": "/",
            "assume_role_policy": write_policy(role.trust.value),
            "permissions_boundary": None,
        },
        ("id", "arn", "unique_id", "managed_policy_arns", "create_date"),
        {"permissions_boundary": "aws_iam_policy"} if bounded else {},
    )
    for policy, statements in by_policy(role.statements.value).items():
        text = write_policy(statements)
        if policy.startswith("arn:"):
            yield _managed(policy.rpartition("/")[2], text)
            attached = {"policy_arn": "aws_iam_policy", "role": "aws_iam_role"}
            yield Part("aws_iam_role_policy_attachment", {}, ("id",), attached)
        else:
            yield Part("aws_iam_role_policy", {"name": policy, "policy": text}, ("id",), {"role": "aws_iam_role"})
    if isinstance(role.boundary, Known):
        yield _managed("boundary", write_policy(role.boundary.value))


def _managed(name: str, text: str) -> Part:
    return Part("aws_iam_policy", {"name": name, "path": "/", "policy": text}, ("id", "arn", "policy_id"))
