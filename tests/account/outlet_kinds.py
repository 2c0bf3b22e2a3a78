"""What takes artifacts out of a bucket, of each kind that a value names: by the API, in a plan, and in a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from registry_conformance.judge.account.state import Outlet
from tests.account.moto_account import ACCOUNT, REGION, Account
from tests.account.plan_part import Part

Table = dict[str, Any]
_READS = f"arn:aws:iam::{ACCOUNT}:role/reads"


@dataclass(frozen=True)
class Kind:
    """How outlets of a kind are made by the API, and which resources a plan and a template have for one."""

    make: Callable[[Account, str, Outlet], None]
    parts: Callable[[str, Outlet], Iterator[Part]]
    resources: Callable[[str, Outlet], Mapping[str, Table]]


def name_of(outlet: Outlet) -> str:
    """Return what an outlet is called."""
    return outlet.by.rpartition(" ")[2]


def kind_of(outlet: Outlet) -> Kind:
    """Return the kind of an outlet."""
    return next(kind for begin, kind in KINDS.items() if outlet.by.startswith(begin))


def _inventory(account: Account, bucket: str, outlet: Outlet) -> None:
    into = {"Bucket": f"arn:aws:s3:::{outlet.to}", "Format": "CSV"}
    into |= {"AccountId": outlet.account} if outlet.account else {}
    name = name_of(outlet)
    said: Table = {"Id": name, "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}}
    whole = {**said, "Destination": {"S3BucketDestination": into}}
    account.client("s3").put_bucket_inventory_configuration(Bucket=bucket, Id=name, InventoryConfiguration=whole)


def _planned_inventory(_: str, outlet: Outlet) -> Iterator[Part]:
    into = {"bucket_arn": f"arn:aws:s3:::{outlet.to}", "account_id": outlet.account or None, "format": "CSV"}
    told = {"name": name_of(outlet), "enabled": True, "included_object_versions": "All"}
    whole = {**told, "destination": [{"bucket": [into]}]}
    yield Part("aws_s3_bucket_inventory", whole, ("id",), {"bucket": "aws_s3_bucket"})


def _task(account: Account, bucket: str, outlet: Outlet) -> None:
    datasync = account.client("datasync")
    ends = [
        datasync.create_location_s3(
            S3BucketArn=f"arn:aws:s3:::{name}", S3Config={"BucketAccessRoleArn": _READS}, Subdirectory="/"
        )["LocationArn"]
        for name in (bucket, outlet.to)
    ]
    datasync.create_task(Name=name_of(outlet), SourceLocationArn=ends[0], DestinationLocationArn=ends[1])


def _planned_task(bucket: str, outlet: Outlet) -> Iterator[Part]:
    for label, name in (("from", bucket), ("into", outlet.to)):
        place = {"arn": label, "s3_bucket_arn": f"arn:aws:s3:::{name}", "subdirectory": "/"}
        yield Part("aws_datasync_location_s3", place, ("uri",), label=label)
    told = {"name": name_of(outlet), "source_location_arn": "from", "destination_location_arn": "into"}
    yield Part("aws_datasync_task", told)


def _task_of_template(_: str, outlet: Outlet) -> Mapping[str, Table]:
    own = {"S3BucketArn": {"Fn::GetAtt": ["Artifacts", "Arn"]}}
    ends = {"From": own, "Into": {"S3BucketArn": f"arn:aws:s3:::{outlet.to}"}}
    places = {name: {"Type": "AWS::DataSync::LocationS3", "Properties": each} for name, each in ends.items()}
    task = {
        "Name": name_of(outlet),
        "SourceLocationArn": {"Ref": "From"},
        "DestinationLocationArn": {"Fn::GetAtt": ["Into", "LocationArn"]},
    }
    return {**places, "Task": {"Type": "AWS::DataSync::Task", "Properties": task}}


def _backup(account: Account, bucket: str, outlet: Outlet) -> None:
    client = account.client("backup")
    rule = {"RuleName": "r", "TargetBackupVaultName": "own", "CopyActions": [{"DestinationBackupVaultArn": outlet.to}]}
    made = client.create_backup_plan(BackupPlan={"BackupPlanName": name_of(outlet), "Rules": [rule]})
    selects = {"SelectionName": "s", "IamRoleArn": _READS, "Resources": [f"arn:aws:s3:::{bucket}"]}
    client.create_backup_selection(BackupPlanId=made["BackupPlanId"], BackupSelection=selects)


def _planned_backup(bucket: str, outlet: Outlet) -> Iterator[Part]:
    rules = [{"rule_name": "r", "copy_action": [{"destination_vault_arn": outlet.to}]}]
    yield Part("aws_backup_plan", {"id": "p", "name": name_of(outlet), "rule": rules}, ("arn",))
    yield Part("aws_backup_selection", {"plan_id": "p", "resources": [f"arn:aws:s3:::{bucket}"]})


def _backup_of_template(_: str, outlet: Outlet) -> Mapping[str, Table]:
    rule = {"RuleName": "r", "CopyActions": [{"DestinationBackupVaultArn": outlet.to}]}
    plan = {"BackupPlan": {"BackupPlanName": name_of(outlet), "BackupPlanRule": [rule]}}
    resources = {"Resources": [{"Fn::GetAtt": ["Artifacts", "Arn"]}]}
    selection = {"BackupPlanId": {"Ref": "Backup"}, "BackupSelection": resources}
    return {
        "Backup": {"Type": "AWS::Backup::BackupPlan", "Properties": plan},
        "Selection": {"Type": "AWS::Backup::BackupSelection", "Properties": selection},
    }


def _grant(account: Account, bucket: str, outlet: Outlet) -> None:
    control, whose = account.client("s3control"), {"AccountId": ACCOUNT}
    control.create_access_grants_instance(**whose)
    place = control.create_access_grants_location(**whose, LocationScope=f"s3://{bucket}/*", IAMRoleArn=_READS)
    control.create_access_grant(
        **whose,
        AccessGrantsLocationId=place["AccessGrantsLocationId"],
        AccessGrantsLocationConfiguration={"S3SubPrefix": f"{outlet.prefix}*"},
        Grantee={"GranteeType": "IAM", "GranteeIdentifier": outlet.to},
        Permission="READ",
    )


def _planned_grant(bucket: str, outlet: Outlet) -> Iterator[Part]:
    place = {"access_grants_location_id": "l", "location_scope": f"s3://{bucket}/*"}
    yield Part("aws_s3control_access_grants_location", place)
    given = {
        "access_grants_location_id": "l",
        "access_grants_location_configuration": [{"s3_sub_prefix": f"{outlet.prefix}*"}],
        "grantee": [{"grantee_type": "IAM", "grantee_identifier": outlet.to}],
        "permission": "READ",
    }
    yield Part("aws_s3control_access_grant", given)


def _grant_of_template(_: str, outlet: Outlet) -> Mapping[str, Table]:
    place = {"LocationScope": {"Fn::Sub": "s3://${Artifacts}/*"}}
    given = {
        "AccessGrantsLocationId": {"Ref": "Place"},
        "AccessGrantsLocationConfiguration": {"S3SubPrefix": f"{outlet.prefix}*"},
        "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": outlet.to},
        "Permission": "READ",
    }
    return {
        "Place": {"Type": "AWS::S3::AccessGrantsLocation", "Properties": place},
        "Grant": {"Type": "AWS::S3::AccessGrant", "Properties": given},
    }


def _distribution(account: Account, bucket: str, outlet: Outlet) -> None:
    functions = [{"FunctionARN": "arn:aws:cloudfront::1:function/f", "EventType": "viewer-request"}]
    guards = functions if not outlet.account else []
    origin = {
        "Id": "s3",
        "DomainName": f"{bucket}.s3.{REGION}.amazonaws.com",
        "OriginPath": f"/{outlet.prefix}".rstrip("/"),
        "OriginAccessControlId": "E1",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour: Table = {
        "TargetOriginId": "s3",
        "ViewerProtocolPolicy": "https-only",
        "FunctionAssociations": {"Quantity": len(guards), "Items": guards},
    }
    whole = {"CallerReference": "c", "Comment": "", "Enabled": True, "DefaultCacheBehavior": behaviour}
    account.client("cloudfront").create_distribution(
        DistributionConfig={**whole, "Origins": {"Quantity": 1, "Items": [origin]}}
    )


def _planned_distribution(bucket: str, outlet: Outlet) -> Iterator[Part]:
    origin = {
        "origin_id": "s3",
        "domain_name": f"{bucket}.s3.{REGION}.amazonaws.com",
        "origin_path": f"/{outlet.prefix}".rstrip("/"),
        "origin_access_control_id": "E1",
    }
    guards = [{"event_type": "viewer-request"}] if not outlet.account else []
    behaviour = {"target_origin_id": "s3", "function_association": guards}
    whole = {"enabled": True, "origin": [origin], "default_cache_behavior": [behaviour]}
    yield Part("aws_cloudfront_distribution", whole, ("id", "arn"))


def _distribution_of_template(_: str, outlet: Outlet) -> Mapping[str, Table]:
    origin = {
        "Id": "s3",
        "DomainName": {"Fn::GetAtt": ["Artifacts", "RegionalDomainName"]},
        "OriginPath": f"/{outlet.prefix}".rstrip("/"),
        "OriginAccessControlId": {"Ref": "Control"},
        "S3OriginConfig": {},
    }
    guards = [{"EventType": "viewer-request"}] if not outlet.account else []
    whole = {
        "Enabled": True,
        "Origins": [origin],
        "DefaultCacheBehavior": {"TargetOriginId": "s3", "FunctionAssociations": guards},
    }
    control = {"Type": "AWS::CloudFront::OriginAccessControl", "Properties": {}}
    return {
        "Control": control,
        "Distribution": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": whole}},
    }


def _job(account: Account, bucket: str, outlet: Outlet) -> None:
    source = {"SourceBucket": f"arn:aws:s3:::{bucket}", "EnableManifestOutput": False}
    account.client("s3control").create_job(
        AccountId=ACCOUNT,
        Operation={"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{outlet.to}"}},
        Report={"Enabled": False},
        ManifestGenerator={"S3JobManifestGenerator": source},
        Priority=1,
        RoleArn=_READS,
        ClientRequestToken="t",
    )


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "the inventory": Kind(_inventory, _planned_inventory, lambda _, __: {}),
        "the DataSync task": Kind(_task, _planned_task, _task_of_template),
        "the backup plan": Kind(_backup, _planned_backup, _backup_of_template),
        "the batch job": Kind(_job, lambda _, __: iter(()), lambda _, __: {}),
        "the access grant": Kind(_grant, _planned_grant, _grant_of_template),
        "the CloudFront distribution": Kind(_distribution, _planned_distribution, _distribution_of_template),
    }
)
"""How an outlet's ``by`` begins -> its kind. A template has inventories in the bucket itself, and nothing has jobs."""
NOT_PLANNED = {"models-copied-by-a-batch-job": "neither a plan nor a template has batch jobs"}
"""Faults that an account alone shows."""


def named_alike(outlets: tuple[Outlet, ...]) -> set[Outlet]:
    """Return outlets without their names, some of which AWS gives."""
    return {replace(each, by=_beginning(each.by)) for each in outlets}


def _beginning(by: str) -> str:
    return next(begin for begin in KINDS if by.startswith(begin))
