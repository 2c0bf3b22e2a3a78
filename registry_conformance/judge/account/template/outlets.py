"""What takes artifacts out of a bucket in a template, as a plan has it: DataSync, AWS Backup, grants, CloudFront."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from registry_conformance.judge.account.template import names
from registry_conformance.judge.account.template.functions import Unknown

if TYPE_CHECKING:
    from registry_conformance.judge.account.template.bucket import Values
    from registry_conformance.judge.account.template.resources import Made

Parts = Iterator[tuple[str, "Values"]]
_LOCATIONS = (
    *("AzureBlob", "EFS", "FSxLustre", "FSxONTAP", "FSxOpenZFS", "FSxWindows"),
    *("HDFS", "NFS", "ObjectStorage", "SMB"),
)
"""Places of DataSync that are no buckets of S3."""


def _location_s3(made: Made) -> Parts:
    given = made.properties
    yield (
        "aws_datasync_location_s3",
        {"arn": made.arn, "s3_bucket_arn": given.get("S3BucketArn"), "subdirectory": given.get("Subdirectory")},
    )


def _location(made: Made) -> Parts:
    yield "aws_datasync_location_other", {"arn": Unknown(f"{made.where}.LocationArn")}


def _task(made: Made) -> Parts:
    given = made.properties
    yield (
        "aws_datasync_task",
        {
            "name": given.get("Name"),
            "source_location_arn": given.get("SourceLocationArn"),
            "destination_location_arn": given.get("DestinationLocationArn"),
        },
    )


def _backup_plan(made: Made) -> Parts:
    plan = made.properties.get("BackupPlan") or {}
    rules = [{"copy_action": _copies(each)} for each in plan["BackupPlanRule"]]
    yield "aws_backup_plan", {"id": made.name, "name": plan.get("BackupPlanName"), "rule": rules}


def _copies(rule: Mapping[str, Any]) -> list[Values]:
    return [_copy(each) for each in rule.get("CopyActions") or ()]


def _copy(action: Mapping[str, Any]) -> Values:
    return {"destination_vault_arn": action.get("DestinationBackupVaultArn")}


def _backup_selection(made: Made) -> Parts:
    given = made.properties.get("BackupSelection") or {}
    yield (
        "aws_backup_selection",
        {
            "plan_id": made.properties.get("BackupPlanId"),
            "resources": given.get("Resources"),
            "not_resources": given.get("NotResources"),
            "selection_tag": given.get("ListOfTags") or [],
        },
    )


def _grants_location(made: Made) -> Parts:
    scope = made.properties.get("LocationScope")
    yield (
        "aws_s3control_access_grants_location",
        {"access_grants_location_id": made.name, "location_scope": scope},
    )


def _access_grant(made: Made) -> Parts:
    given = made.properties
    grantee, part = given.get("Grantee") or {}, given.get("AccessGrantsLocationConfiguration") or {}
    yield (
        "aws_s3control_access_grant",
        {
            "access_grants_location_id": given.get("AccessGrantsLocationId"),
            "access_grants_location_configuration": [{"s3_sub_prefix": part.get("S3SubPrefix")}],
            "grantee": [
                {
                    "grantee_type": grantee.get("GranteeType"),
                    "grantee_identifier": grantee.get("GranteeIdentifier"),
                }
            ],
        },
    )


def _distribution(made: Made) -> Parts:
    given = made.properties.get("DistributionConfig") or {}
    groups = (given.get("OriginGroups") or {}).get("Items") or ()
    yield (
        "aws_cloudfront_distribution",
        {
            "enabled": given.get("Enabled"),
            "origin": [_origin(each) for each in given.get("Origins") or ()],
            "origin_group": [_group(each) for each in groups],
            "default_cache_behavior": [_behaviour(given["DefaultCacheBehavior"])],
            "ordered_cache_behavior": [_behaviour(each) for each in given.get("CacheBehaviors") or ()],
        },
    )


def _origin(origin: Mapping[str, Any]) -> Values:
    identity = (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity")
    return {
        "origin_id": origin.get("Id"),
        "domain_name": origin.get("DomainName"),
        "origin_path": origin.get("OriginPath"),
        "origin_access_control_id": origin.get("OriginAccessControlId"),
        "s3_origin_config": [{"origin_access_identity": identity}],
    }


def _group(group: Mapping[str, Any]) -> Values:
    return {
        "origin_id": group.get("Id"),
        "member": [{"origin_id": each.get("OriginId")} for each in group["Members"].get("Items") or ()],
    }


def _behaviour(behaviour: Mapping[str, Any]) -> Values:
    return {
        "target_origin_id": behaviour.get("TargetOriginId"),
        "trusted_key_groups": behaviour.get("TrustedKeyGroups"),
        "trusted_signers": behaviour.get("TrustedSigners"),
        "lambda_function_association": behaviour.get("LambdaFunctionAssociations") or [],
        "function_association": behaviour.get("FunctionAssociations") or [],
    }


READERS: Mapping[str, Callable[[Made], Parts]] = MappingProxyType(
    {
        names.LOCATION_S3: _location_s3,
        **{f"AWS::DataSync::Location{each}": _location for each in _LOCATIONS},
        "AWS::DataSync::Task": _task,
        names.BACKUP_PLAN: _backup_plan,
        "AWS::Backup::BackupSelection": _backup_selection,
        names.GRANTS_LOCATION: _grants_location,
        "AWS::S3::AccessGrant": _access_grant,
        names.DISTRIBUTION: _distribution,
    }
)
"""Type of a resource -> who reads it."""
