"""The resources of a template that concern an account, each with what a plan has for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry_conformance.judge.account.template import events, names, outlets
from registry_conformance.judge.account.template.bucket import NOTIFIES, Values, bucket_parts, formed, notification
from registry_conformance.judge.account.template.functions import Unknown, unknown_in

NOTIFIED = "Custom::S3BucketNotifications"
EMPTIED = "Custom::S3AutoDeleteObjects"
"""Resources by which CDK has a bucket call functions, and deletes all that is in one with its stack."""
Whole = tuple[str, Values]
"""The type of a resource of a plan, and its values."""


@dataclass(frozen=True, slots=True)
class Made:
    """A resource of a template: its properties with all functions evaluated, name, ARN, path, and how findings name it.

    ``is_named`` is false if its name is a stand-in that is not its to keep: which of several it is, nobody says.
    """

    properties: Mapping[str, Any]
    name: str
    arn: str | Unknown
    where: str
    is_named: bool = True
    path: str | Unknown = "/"


def _text(document: Any) -> Any:
    """Return a policy as its text, or what it hangs on if a part of it is unknown."""
    return unknown_in(document) or (json.dumps(document) if document is not None else None)


def _bucket(made: Made) -> Iterator[Whole]:
    yield "aws_s3_bucket", {"bucket": made.name if made.is_named else Unknown("its name"), "id": made.name}
    for kind, values in bucket_parts(made.properties, made.where):
        yield f"aws_s3_bucket_{kind}", {"bucket": made.name, **values}


def _bucket_policy(made: Made) -> Iterator[Whole]:
    policy = _text(made.properties.get("PolicyDocument"))
    yield "aws_s3_bucket_policy", {"bucket": made.properties.get("Bucket"), "policy": policy}


def _access_point(made: Made) -> Iterator[Whole]:
    policy = _text(made.properties.get("Policy"))
    yield "aws_s3_access_point", {"name": made.name, "bucket": made.properties.get("Bucket"), "policy": policy}


def _access_point_of_regions(made: Made) -> Iterator[Whole]:
    """Yield an access point of several regions, with the bucket of each."""
    regions = made.properties.get("Regions") or []
    buckets: Any = regions
    if not isinstance(regions, Unknown):
        buckets = [each if isinstance(each, Unknown) else {"bucket": each["Bucket"]} for each in regions]
    yield "aws_s3control_multi_region_access_point", {"details": [{"name": made.name, "region": buckets}]}


def _policy_of_regions(made: Made) -> Iterator[Whole]:
    said = {"name": made.properties.get("MrapName"), "policy": _text(made.properties.get("Policy"))}
    yield "aws_s3control_multi_region_access_point_policy", {"details": [said]}


def _role(made: Made) -> Iterator[Whole]:
    boundary, managed = made.properties.get("PermissionsBoundary"), made.properties.get("ManagedPolicyArns")
    trust = _text(made.properties.get("AssumeRolePolicyDocument"))
    named = {"id": made.name, "name": made.name if made.is_named else Unknown("its name")}
    yield "aws_iam_role", {**named, "path": made.path, "assume_role_policy": trust, "permissions_boundary": boundary}
    policies = made.properties.get("Policies") or []
    for each in _listed(policies):
        if isinstance(each, Mapping):
            yield "aws_iam_role_policy", _inline(each, made.name)
        else:
            yield "aws_iam_role_policy", {"role": made.name, "policy": each}
    for arn in _listed(managed or []):
        yield "aws_iam_role_policy_attachment", {"role": made.name, "policy_arn": arn}


def _inline(policy: Mapping[str, Any], role: Any) -> Values:
    return {"role": role, "name": policy.get("PolicyName"), "policy": _text(policy.get("PolicyDocument"))}


def _policy(made: Made) -> Iterator[Whole]:
    for role in _roles(made):
        yield "aws_iam_role_policy", _inline(made.properties, role)


def _managed_policy(made: Made) -> Iterator[Whole]:
    yield "aws_iam_policy", {"name": made.name, "policy": _text(made.properties.get("PolicyDocument"))}
    for role in _roles(made):
        yield "aws_iam_role_policy_attachment", {"role": role, "policy_arn": made.arn}


def _roles(made: Made) -> list[Any]:
    """Return the roles that a policy is for: a resource names several, or one."""
    found = made.properties.get("Roles", made.properties.get("RoleName"))
    return [] if found is None else _listed(found)


def _listed(value: Any) -> list[Any]:
    """Return a list as it is, and anything else as the one member of a list."""
    return value if isinstance(value, list) else [value]


def _key(made: Made) -> Iterator[Whole]:
    given = made.properties.get("Enabled", True)
    enabled = given if isinstance(given, Unknown) else str(given).lower() == "true"
    yield "aws_kms_key", {"key_id": made.name, "is_enabled": enabled, "policy": _text(made.properties.get("KeyPolicy"))}


def _log_group(made: Made) -> Iterator[Whole]:
    days = made.properties.get("RetentionInDays", 0)
    kept = days if isinstance(days, Unknown) else int(days)
    yield "aws_cloudwatch_log_group", {"name": made.name, "retention_in_days": kept}


def _function(made: Made) -> Iterator[Whole]:
    yield "aws_lambda_function", {"function_name": made.name, "role": made.properties.get("Role")}


def _notified(made: Made) -> Iterator[Whole]:
    found = made.properties.get("NotificationConfiguration") or {}
    values = formed(
        found,
        lambda given: notification(
            given, ("LambdaFunctionConfigurations", "LambdaFunctionArn"), "QueueArn", "TopicArn"
        ),
        NOTIFIES,
        f"{made.where}.NotificationConfiguration",
    )
    yield "aws_s3_bucket_notification", {"bucket": made.properties.get("BucketName"), **values}


READERS: Mapping[str, Callable[[Made], Iterator[Whole]]] = {
    names.BUCKET: _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    names.ACCESS_POINT: _access_point,
    "AWS::S3::MultiRegionAccessPoint": _access_point_of_regions,
    "AWS::S3::MultiRegionAccessPointPolicy": _policy_of_regions,
    names.ROLE: _role,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::RolePolicy": _policy,
    names.POLICY: _managed_policy,
    names.KEY: _key,
    names.LOG_GROUP: _log_group,
    names.FUNCTION: _function,
    NOTIFIED: _notified,
    **events.READERS,
    **outlets.READERS,
}
"""Type of a resource -> who reads it; what is not in it concerns no account."""
