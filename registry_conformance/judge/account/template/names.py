"""What a template's resources are called: by their own names, or by stand-ins where CloudFormation makes names up.

A name that is made up at the deployment is the same in every place that refers to it, so that a stand-in says as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry_conformance.judge.account.template.functions import Unknown
from registry_conformance.judge.target.account import Declared

BUCKET, ROLE, KEY, POLICY = "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key", "AWS::IAM::ManagedPolicy"
FUNCTION, LOG_GROUP, ACCESS_POINT = "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::S3::AccessPoint"
PROVIDER = "AWS::IAM::OIDCProvider"
QUEUE, TOPIC, RULE = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Events::Rule"
BACKUP_PLAN, VAULT = "AWS::Backup::BackupPlan", "AWS::Backup::BackupVault"
DISTRIBUTION = "AWS::CloudFront::Distribution"
GRANTS_LOCATION, LOCATION_S3 = "AWS::S3::AccessGrantsLocation", "AWS::DataSync::LocationS3"
_TASK = "AWS::ECS::TaskDefinition"
NAMED_BY: Mapping[str, str] = {
    BUCKET: "BucketName",
    ROLE: "RoleName",
    POLICY: "ManagedPolicyName",
    FUNCTION: "FunctionName",
    LOG_GROUP: "LogGroupName",
    ACCESS_POINT: "Name",
    QUEUE: "QueueName",
    TOPIC: "TopicName",
    RULE: "Name",
    VAULT: "BackupVaultName",
}
"""Type -> the property that a resource is named by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template is deployed to: partition, region and account, stand-ins where nothing says."""

    partition: str
    region: str
    account: str

    @property
    def domain(self) -> str:
        """The domain of the partition's service endpoints."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, *, region: bool = False, account: bool = True) -> str:
        """Return an ARN of this place."""
        where = f"{self.region if region else ''}:{self.account if account else ''}"
        return f"arn:{self.partition}:{service}:{where}:{resource}"


_DOMAINS: Mapping[str, Callable[[Place, str], str]] = {
    "DomainName": lambda place, name: f"{name}.s3.{place.domain}",
    "RegionalDomainName": lambda place, name: f"{name}.s3.{place.region}.{place.domain}",
    "DualStackDomainName": lambda place, name: f"{name}.s3.dualstack.{place.region}.{place.domain}",
}
"""Attributes of a bucket that are domains -> what they are."""
UNDER_PATHS = {ROLE, POLICY}
"""Types whose ARNs have the path that the property ``Path`` says before their names."""
_ARNS: Mapping[str, Callable[[Place, str], str]] = {
    BUCKET: lambda place, name: place.arn("s3", name, account=False),
    ROLE: lambda place, name: place.arn("iam", f"role/{name}"),
    POLICY: lambda place, name: place.arn("iam", f"policy/{name}"),
    KEY: lambda place, name: place.arn("kms", f"key/{name}", region=True),
    FUNCTION: lambda place, name: place.arn("lambda", f"function:{name}", region=True),
    LOG_GROUP: lambda place, name: place.arn("logs", f"log-group:{name}:*", region=True),
    ACCESS_POINT: lambda place, name: place.arn("s3", f"accesspoint/{name}", region=True),
    PROVIDER: lambda place, name: place.arn("iam", f"oidc-provider/{name}"),
    QUEUE: lambda place, name: place.arn("sqs", name, region=True),
    TOPIC: lambda place, name: place.arn("sns", name, region=True),
    RULE: lambda place, name: place.arn("events", f"rule/{name}", region=True),
    VAULT: lambda place, name: place.arn("backup", f"backup-vault:{name}", region=True),
    BACKUP_PLAN: lambda place, name: place.arn("backup", f"backup-plan:{name}", region=True),
    DISTRIBUTION: lambda place, name: place.arn("cloudfront", f"distribution/{name}"),
    GRANTS_LOCATION: lambda place, name: place.arn("s3", f"access-grants/default/location/{name}", region=True),
    LOCATION_S3: lambda place, name: place.arn("datasync", f"location/{name}", region=True),
}
_BY_ARN = {POLICY, PROVIDER, TOPIC, LOCATION_S3}
"""Types whose ``Ref`` is an ARN."""
_ARN = {"Arn", "TopicArn", "BackupVaultArn", "BackupPlanArn", "LocationArn", "AccessGrantsLocationArn"}
_NAME = {"", "KeyId", "Name", "BackupVaultName", "BackupPlanId", "AccessGrantsLocationId", "Id"}
"""How types call their ARNs and names."""


def arn_of(kind: str, name: str, place: Place, path: str | Unknown = "/") -> str | Unknown:
    """Return the ARN of a resource of a type under a path, empty for a type that is not read."""
    if kind not in _ARNS or isinstance(path, Unknown):
        return path if isinstance(path, Unknown) else ""
    under = path.strip("/")
    return _ARNS[kind](place, f"{under}/{name}" if under else name)


def attribute_of(kind: str, name: str, attribute: str, place: Place, path: str | Unknown = "/") -> Any:
    """Return what ``Ref``, with an empty attribute, or ``Fn::GetAtt`` says of a resource of a name."""
    if kind not in _ARNS:
        return Unknown(f"an attribute of a resource of the type {kind}")
    if attribute in _ARN or (not attribute and kind in _BY_ARN):
        return arn_of(kind, name, place, path)
    if kind == BUCKET and attribute in _DOMAINS:
        return _DOMAINS[attribute](place, name)
    return name if attribute in _NAME else Unknown(f"{kind}.{attribute}")


def target_overrides(resources: Mapping[str, Any], declared: Declared | None) -> dict[str, str]:
    """Return logical id -> name for resources that the template gives none: the declared one where only it can be.

    Where nothing is declared each has its logical id, in small letters as names of buckets are. What is not in it
    may be the declared one or not.
    """
    unnamed = {logical: each for logical, each in resources.items() if not has_name(each)}
    if declared is None:
        return {logical: logical.lower() for logical in unnamed}
    found: dict[str, str] = {}
    for kind, name in ((BUCKET, declared.bucket), (KEY, declared.kms_key.rpartition("/")[2])):
        choices = [logical for logical, each in unnamed.items() if each["Type"] == kind]
        if len(choices) == 1 and name and not any(_name(each) == name for each in resources.values()):
            found[choices[0]] = name
    role = _servers_role(resources)
    if role in unnamed and declared.role:
        found[role] = declared.role.rpartition("/")[2]
    return found


def _servers_role(resources: Mapping[str, Any]) -> str:
    """Return the logical id of the server's role: of a task of ECS, or called so, or the only one; empty for none."""
    roles = [logical for logical, each in resources.items() if each["Type"] == ROLE]
    tasks = [each.get("Properties") or {} for each in resources.values() if each["Type"] == _TASK]
    of_tasks = [role for role in roles for task in tasks if _refers(task.get("TaskRoleArn"), role)]
    called_so = [role for role in roles if "mlflow" in role.lower() and "execution" not in role.lower()]
    return next((choice[0] for choice in (of_tasks, called_so, roles) if len(set(choice)) == 1), "")


def _refers(node: Any, logical: str) -> bool:
    arn = f"{logical}.Arn"
    return node in ({"Fn::GetAtt": [logical, "Arn"]}, {"Fn::GetAtt": arn}, {"Fn::Sub": f"${{{arn}}}"})


def _name(resource: Mapping[str, Any]) -> Any:
    return (resource.get("Properties") or {}).get(NAMED_BY.get(str(resource.get("Type")), ""))


def has_name(resource: Mapping[str, Any]) -> bool:
    """Return whether a template gives a resource its name."""
    return _name(resource) is not None
