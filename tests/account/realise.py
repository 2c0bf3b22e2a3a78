"""An account made from its value, by the API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from moto.kms.models import Key, kms_backends

from registry_conformance.judge.account.fact import Fact, Known
from registry_conformance.judge.account.state import (
    FLAGS,
    AccessPoint,
    BucketState,
    Encryption,
    KeyState,
    LifecycleRule,
    ObjectLock,
    Replica,
    RoleState,
    State,
    Tiering,
)
from registry_conformance.judge.account.statement import Statement, write_policy
from registry_conformance.judge.target.account import Declared
from tests.account.moto_account import ACCOUNT, STRANGER, Account
from tests.account.outlet_kinds import kind_of
from tests.account.realise_calls import make_calls


def realise(account: Account, state: State, declared: Declared) -> None:
    """Make an account what ``state`` says, from nothing."""
    if isinstance(state.bucket, Known):
        _whole_bucket(account, state.bucket.value, declared)
    elif declared.access_log:
        _log_bucket(account.client("s3"), declared.access_log[0], declared.region)
    if isinstance(state.role, Known):
        _role(account.client("iam"), state.role.value)
    for arn, trust in state.named_roles.items():
        _role(account.client("iam"), RoleState(arn, trust, Known(())))
    for role in _value(state.roles):
        _role(account.client("iam"), role)
    if isinstance(state.key, Known):
        _key(state.key.value)
    logs = account.client("logs")
    for group, days in state.log_groups.items():
        if isinstance(days, Known):
            logs.create_log_group(logGroupName=group)
            if days.value:
                logs.put_retention_policy(logGroupName=group, retentionInDays=days.value)


def _whole_bucket(account: Account, bucket: BucketState, declared: Declared) -> None:
    """Make the bucket with all that leads to it, and the one that its requests are logged to."""
    owner = account.client("s3", ACCOUNT if bucket.account == Known(ACCOUNT) else STRANGER, _value(bucket.region))
    if declared.access_log:  # moto takes no log bucket of another region or account
        _log_bucket(owner, declared.access_log[0], _value(bucket.region))
    _bucket(owner, bucket)
    if declared.access_log:
        _delete_bucket(owner, declared.access_log[0])
        _log_bucket(account.client("s3"), declared.access_log[0], declared.region)
    _access_points(account, bucket, declared)
    for outlet in _value(bucket.outlets):
        kind_of(outlet).make(account, bucket.name, outlet)
    make_calls(account, bucket, _role)


def make_bucket(s3: Any, name: str, region: str, *, lock: bool = False) -> None:
    """Make a bucket with nothing but a region, and Object Lock if it is to have that."""
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock, **where)


def _log_bucket(s3: Any, name: str, region: str) -> None:
    """Make a bucket that S3 may write its access logs to."""
    make_bucket(s3, name, region)
    writes = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [writes]}))


def _delete_bucket(s3: Any, name: str) -> None:
    for each in s3.list_objects_v2(Bucket=name).get("Contents", ()):
        s3.delete_object(Bucket=name, Key=each["Key"])
    s3.delete_bucket(Bucket=name)


def _bucket(s3: Any, bucket: BucketState) -> None:
    name = bucket.name
    make_bucket(s3, name, _value(bucket.region), lock=isinstance(bucket.object_lock, Known))
    settings: tuple[tuple[Fact[Any], Any, str, Callable[[Any], Any]], ...] = (
        (bucket.grants, s3.put_bucket_acl, "GrantRead", _acl),
        (bucket.ownership, s3.put_bucket_ownership_controls, "OwnershipControls", _ownership),
        (bucket.versioning, s3.put_bucket_versioning, "VersioningConfiguration", partial(_versioning, bucket)),
        (bucket.encryption, s3.put_bucket_encryption, "ServerSideEncryptionConfiguration", _encryption),
        (bucket.policy, s3.put_bucket_policy, "Policy", write_policy),
        (bucket.lifecycle, s3.put_bucket_lifecycle_configuration, "LifecycleConfiguration", lifecycle),
        (bucket.access_log, s3.put_bucket_logging, "BucketLoggingStatus", _logging),
        (bucket.payer, s3.put_bucket_request_payment, "RequestPaymentConfiguration", lambda payer: {"Payer": payer}),
        (bucket.object_lock, s3.put_object_lock_configuration, "ObjectLockConfiguration", _object_lock),
        (bucket.replication, s3.put_bucket_replication, "ReplicationConfiguration", _replication),
        (bucket.public_access, s3.put_public_access_block, "PublicAccessBlockConfiguration", _public_access),
    )
    for fact, put, argument, value in settings:
        if isinstance(fact, Known) and fact.value != ():
            put(Bucket=name, **{argument: value(fact.value)})
    for each in _value(bucket.tiering):
        s3.put_bucket_intelligent_tiering_configuration(
            Bucket=name, Id=each.name, IntelligentTieringConfiguration=_tiering(each)
        )


def _versioning(bucket: BucketState, status: str) -> dict[str, str]:
    return {"Status": status} | ({"MFADelete": "Enabled"} if bucket.mfa_delete == Known(value=True) else {})


def _object_lock(found: ObjectLock) -> dict[str, Any]:
    rule = {"Rule": {"DefaultRetention": {"Mode": found.mode, "Days": found.days}}} if found.mode else {}
    return {"ObjectLockEnabled": "Enabled"} | rule


def _replication(found: tuple[Replica, ...]) -> dict[str, Any]:
    rules = [
        {
            "ID": each.bucket,
            "Priority": number,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{each.bucket}"}
            | ({"Account": each.account} if each.account else {}),
        }
        for number, each in enumerate(found)
    ]
    return {"Role": "arn:aws:iam::123456789012:role/replication", "Rules": rules}


def _tiering(found: Tiering) -> dict[str, Any]:
    tiers = [{"AccessTier": tier, "Days": days} for tier, days in found.tiers]
    filters = {"Filter": {"Prefix": found.prefix}} if found.prefix else {}
    return {"Id": found.name, "Status": "Enabled", "Tierings": tiers, **filters}


def _access_points(account: Account, bucket: BucketState, declared: Declared) -> None:
    control = account.client("s3control")
    for each in _value(bucket.access_points):
        if each.alias is not None:
            _of_several_regions(account, bucket, each, declared)
            continue
        control.create_access_point(AccountId=declared.owner, Name=each.name, Bucket=bucket.name)
        if isinstance(each.policy, Known):
            text = write_policy(each.policy.value)
            control.put_access_point_policy(AccountId=declared.owner, Name=each.name, Policy=text)


def _key(key: KeyState) -> None:
    """Make a key of that ARN in moto, which gives its own keys names of its own."""
    _, _, _, region, account, name = key.arn.split(":")
    text = write_policy(_value(key.policy))
    made = Key(text, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", account, region)  # type: ignore[abstract]  # as moto
    made.id, made.arn = name.removeprefix("key/"), key.arn
    made.key_state = _value(key.state)
    made.enabled = made.key_state == "Enabled"
    made.deletion_date = (
        datetime(2030, 1, 1, tzinfo=UTC).replace(tzinfo=None) if made.key_state == "PendingDeletion" else None
    )
    kms_backends[account][region].keys |= {
        made.id: made,
        made.arn: made,
    }  # by its ARN moto finds it for some calls only
    for each in _value(key.grants):
        made.add_grant("", each, ["Decrypt"], {}, "")


def _of_several_regions(account: Account, bucket: BucketState, point: AccessPoint, declared: Declared) -> None:
    control = account.client("s3control", ACCOUNT, "us-west-2")
    made = {"Name": point.name, "Regions": [{"Bucket": bucket.name}]}
    control.create_multi_region_access_point(AccountId=declared.owner, ClientToken="a", Details=made)
    if isinstance(point.policy, Known):
        said = {"Name": point.name, "Policy": write_policy(point.policy.value)}
        control.put_multi_region_access_point_policy(AccountId=declared.owner, ClientToken="b", Details=said)


def _value(fact: Fact[Any]) -> Any:
    assert isinstance(fact, Known)
    return fact.value


def _acl(_: object) -> str:
    return "uri=http://acs.amazonaws.com/groups/global/AllUsers"


def _ownership(found: str) -> dict[str, Any]:
    return {"Rules": [{"ObjectOwnership": found}]}


def _public_access(on: frozenset[str]) -> dict[str, bool]:
    return {flag: flag in on for flag in FLAGS}


def _encryption(found: Encryption) -> dict[str, Any]:
    key = {"KMSMasterKeyID": found.key.value} if isinstance(found.key, Known) else {}
    default = {"SSEAlgorithm": found.algorithm} | key
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": found.bucket_key}]}


def _logging(found: tuple[str, str]) -> dict[str, Any]:
    return {"LoggingEnabled": {"TargetBucket": found[0], "TargetPrefix": found[1]}}


def lifecycle(rules: tuple[LifecycleRule, ...]) -> dict[str, Any]:
    """Return a lifecycle as S3 takes it."""
    return {"Rules": [_rule(rule) for rule in rules]}


def _rule(rule: LifecycleRule) -> dict[str, Any]:
    tags = [{"Key": "kind", "Value": "scratch"}]
    noncurrent = {"NoncurrentDays": rule.noncurrent_days}
    if rule.keeps:
        noncurrent["NewerNoncurrentVersions"] = rule.keeps
    parts = {
        "Expiration": when(rule.expires) if rule.expires else None,
        "Transitions": [when(moment) | {"StorageClass": storage} for storage, moment in rule.moves],
        "NoncurrentVersionExpiration": noncurrent if rule.noncurrent_days else None,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": rule.abort_days} if rule.abort_days else None,
    }
    narrow = {"And": {"Prefix": rule.prefix, "Tags": tags}}
    return {
        "ID": rule.name,
        "Status": "Enabled" if rule.enabled else "Disabled",
        "Filter": narrow if rule.narrowed else {"Prefix": rule.prefix},
    } | {name: value for name, value in parts.items() if value}


def when(told: str) -> dict[str, Any]:
    """Return ``after 30 days`` or ``on 2030-01-01`` as S3 takes it."""
    if days := re.fullmatch(r"after (\d+) days", told):
        return {"Days": int(days[1])}
    return {"Date": datetime.fromisoformat(told.removeprefix("on ")).replace(tzinfo=UTC)}


def _role(iam: Any, role: RoleState) -> None:
    name = role.arn.rpartition("/")[2]
    more: Mapping[str, str] = {}
    if isinstance(role.boundary, Known):
        bound = iam.create_policy(PolicyName="boundary", PolicyDocument=write_policy(role.boundary.value))
        more = {"PermissionsBoundary": bound["Policy"]["Arn"]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=write_policy(_value(role.trust)), **more)
    for policy, statements in by_policy(_value(role.statements)).items():
        text = write_policy(statements)
        if policy.startswith("arn:"):
            made = iam.create_policy(PolicyName=policy.rpartition("/")[2], PolicyDocument=text)
            iam.attach_role_policy(RoleName=name, PolicyArn=made["Policy"]["Arn"])
        else:
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)


def by_policy(statements: tuple[Statement, ...]) -> dict[str, list[Statement]]:
    """Return statements by the policy that they stand in: the one called artifacts where they say none."""
    found: dict[str, list[Statement]] = {}
    for each in statements:
        found.setdefault(each.policy or "artifacts", []).append(each)
    return found
