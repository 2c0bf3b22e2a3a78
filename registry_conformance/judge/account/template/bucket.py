"""``AWS::S3::Bucket``, with its settings as the resources that a plan has for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry_conformance.judge.account.plan.document import PlanError
from registry_conformance.judge.account.template.functions import Unknown, unknown_in

Values = dict[str, Any]
Parts = Iterator[tuple[str, Values]]
"""The type of a resource in a plan, and its values; what is not known of them is an ``Unknown``."""

_CANNED = {
    "PublicRead": "public-read",
    "PublicReadWrite": "public-read-write",
    "AuthenticatedRead": "authenticated-read",
    "LogDeliveryWrite": "log-delivery-write",
    "AwsExecRead": "aws-exec-read",
}
_FLAGS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


def bucket_parts(properties: Mapping[str, Any], where: str) -> Parts:
    """Yield the settings of a bucket, each as the values of a resource that is about it; ``where`` names the bucket.

    Raises ``PlanError`` for a property of another form than CloudFormation's.
    """
    for name, (kind, attributes, make) in _SETTINGS.items():
        found = properties.get(name)
        if found is not None:
            yield kind, formed(found, make, attributes, f"{where}.{name}")
    inventories = properties.get("InventoryConfigurations", [])
    for each in inventories if isinstance(inventories, list) else [inventories]:
        yield "inventory", formed(each, _inventory, ("destination",), f"{where}.InventoryConfigurations")
    tierings = properties.get("IntelligentTieringConfigurations", [])
    for each in tierings if isinstance(tierings, list) else [tierings]:
        where_it_is = f"{where}.IntelligentTieringConfigurations"
        yield "intelligent_tiering_configuration", formed(each, _tiering, ("tiering",), where_it_is)


def formed(found: Any, make: Callable[[Any], Values], attributes: tuple[str, ...], where: str) -> Values:
    """Return the values of a setting; what hangs on the unknown as a whole is unknown in each attribute."""
    if isinstance(found, Unknown):
        return dict.fromkeys(attributes, found)
    try:
        return make(found)
    except (AttributeError, LookupError, TypeError, ValueError):
        unknown = unknown_in(found)
        if unknown is None:
            raise PlanError(f"{where} has not the form that CloudFormation asks for") from None
        return dict.fromkeys(attributes, unknown)


NOTIFIES = ("lambda_function", "queue", "topic", "eventbridge")
"""What a notification's configuration of a plan is made of."""


def notification(found: Mapping[str, Any], functions: tuple[str, str], queue: str, topic: str) -> Values:
    """Return whom a bucket notifies; a bucket's template and CDK's own resource spell the properties differently.

    ``functions`` are the property of the functions and that of each ARN in it, ``queue`` and ``topic`` the latter.
    """
    listed, function = functions
    return {
        "lambda_function": [{"lambda_function_arn": each.get(function)} for each in found.get(listed) or ()],
        "queue": [{"queue_arn": each.get(queue)} for each in found.get("QueueConfigurations") or ()],
        "topic": [{"topic_arn": each.get(topic)} for each in found.get("TopicConfigurations") or ()],
        "eventbridge": found.get("EventBridgeConfiguration") is not None,
    }


def _versioning(found: Mapping[str, Any]) -> Values:
    return {"versioning_configuration": [{"status": _text(found.get("Status")), "mfa_delete": None}]}


def _encryptions(found: Mapping[str, Any]) -> Values:
    return {"rule": [_encryption(each) for each in found.get("ServerSideEncryptionConfiguration") or ()]}


def _inventory(found: Mapping[str, Any]) -> Values:
    into = found.get("Destination") or {}
    whose = {"bucket_arn": _text(into.get("BucketArn")), "account_id": _text(into.get("BucketAccountId"))}
    enabled = _flag(found.get("Enabled"))
    return {"name": _text(found.get("Id")), "enabled": enabled, "destination": [{"bucket": [whose]}]}


def _public_access(found: Mapping[str, Any]) -> Values:
    return {name: _flag(found.get(property_)) for name, property_ in _FLAGS.items()}


def _ownership(found: Mapping[str, Any]) -> Values:
    return {"rule": [{"object_ownership": _text(each.get("ObjectOwnership"))} for each in found.get("Rules") or ()]}


def _lifecycle(found: Mapping[str, Any]) -> Values:
    return {"rule": [_rule(each) for each in found.get("Rules") or ()]}


def _access_log(found: Mapping[str, Any]) -> Values:
    return {
        "target_bucket": _text(found.get("DestinationBucketName")),
        "target_prefix": _text(found.get("LogFilePrefix")),
    }


def _replications(found: Mapping[str, Any]) -> Values:
    return {"rule": [_replication(each) for each in found.get("Rules") or ()]}


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower() == "true"
    return False if value is None else value


def _encryption(rule: Mapping[str, Any]) -> Values:
    default = rule.get("ServerSideEncryptionByDefault") or {}
    blocked = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType")
    algorithm, key = _text(default.get("SSEAlgorithm")), _text(default.get("KMSMasterKeyID"))
    return {
        "apply_server_side_encryption_by_default": [{"sse_algorithm": algorithm, "kms_master_key_id": key or ""}],
        "bucket_key_enabled": _flag(rule.get("BucketKeyEnabled")),
        "blocked_encryption_types": blocked,
    }


def _object_lock(found: Mapping[str, Any]) -> Values:
    default = (found.get("Rule") or {}).get("DefaultRetention")
    if default is None:
        return {"rule": []}
    kept = {name: _number(default.get(name.capitalize())) for name in ("days", "years")}
    kept["mode"] = _text(default.get("Mode"))
    return {"rule": [{"default_retention": [kept]}]}


def _replication(rule: Mapping[str, Any]) -> Values:
    into = rule.get("Destination") or {}
    return {
        "status": _text(rule.get("Status")),
        "destination": [{"bucket": _text(into.get("Bucket")), "account": _text(into.get("Account"))}],
    }


def _tiering(found: Mapping[str, Any]) -> Values:
    tiers = [
        {"access_tier": _text(each.get("AccessTier")), "days": _number(each.get("Days"))}
        for each in found.get("Tierings") or ()
    ]
    given = {"prefix": _text(found.get("Prefix")), "tags": found.get("TagFilters")}
    return {"name": _text(found.get("Id")), "status": _text(found.get("Status")), "filter": [given], "tiering": tiers}


def _rule(rule: Mapping[str, Any]) -> Values:
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    days = _number(noncurrent.get("NoncurrentDays") or rule.get("NoncurrentVersionExpirationInDays"))
    expires = {"days": _number(rule.get("ExpirationInDays")), "date": _text(rule.get("ExpirationDate"))}
    narrow = {
        "tags": rule.get("TagFilters"),
        "object_size_greater_than": _number(rule.get("ObjectSizeGreaterThan")),
        "object_size_less_than": _number(rule.get("ObjectSizeLessThan")),
    }
    aborts = _number((rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"))
    moves = [*(rule.get("Transitions") or ()), *([rule["Transition"]] if rule.get("Transition") else [])]
    return {
        "id": _text(rule.get("Id")),
        "status": _text(rule.get("Status")),
        "filter": [{"prefix": _text(rule.get("Prefix")), "and": [narrow]}],
        "expiration": [expires] if any(expires.values()) else [],
        "transition": [_move(each) for each in moves],
        "noncurrent_version_expiration": [
            {"noncurrent_days": days, "newer_noncurrent_versions": _number(noncurrent.get("NewerNoncurrentVersions"))}
        ]
        if days
        else [],
        "abort_incomplete_multipart_upload": [{"days_after_initiation": aborts}] if aborts else [],
    }


def _text(value: Any) -> Any:
    """Return a text; raise ``TypeError`` for what is neither that nor written as one."""
    if isinstance(value, Mapping | list):
        raise TypeError
    return value if value is None or isinstance(value, Unknown) else str(value)


def _number(value: Any) -> Any:
    """Return a number; raise ``ValueError`` or ``TypeError`` for what is none."""
    return value if value is None or isinstance(value, Unknown) else int(value)


def _move(transition: Mapping[str, Any]) -> Values:
    return {
        "storage_class": _text(transition.get("StorageClass")),
        "days": _number(transition.get("TransitionInDays")),
        "date": _text(transition.get("TransitionDate")),
    }


_SETTINGS: Mapping[str, tuple[str, tuple[str, ...], Callable[[Any], Values]]] = {
    "VersioningConfiguration": ("versioning", ("versioning_configuration",), _versioning),
    "BucketEncryption": ("server_side_encryption_configuration", ("rule",), _encryptions),
    "PublicAccessBlockConfiguration": ("public_access_block", tuple(_FLAGS), _public_access),
    "OwnershipControls": ("ownership_controls", ("rule",), _ownership),
    "AccessControl": ("acl", ("acl",), lambda canned: {"acl": _CANNED.get(canned, "private")}),
    "LifecycleConfiguration": ("lifecycle_configuration", ("rule",), _lifecycle),
    "LoggingConfiguration": ("logging", ("target_bucket",), _access_log),
    "ObjectLockConfiguration": ("object_lock_configuration", ("rule",), _object_lock),
    "ReplicationConfiguration": ("replication_configuration", ("rule",), _replications),
    "NotificationConfiguration": (
        "notification",
        NOTIFIES,
        lambda found: notification(found, ("LambdaConfigurations", "Function"), "Queue", "Topic"),
    ),
}
"""Property -> the end of the type of the resource that a plan has for it, that one's attributes, and who reads it."""
