"""The server's role of a plan: ``aws_iam_role``, and whatever gives it a policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import linked
from registry_conformance.judge.account.plan.policies import policy
from registry_conformance.judge.account.state import RoleState
from registry_conformance.judge.account.statement import Statement

_EXECUTION = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
)
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_OF_AWS = {
    "AdministratorAccess": ("*",),
    "PowerUserAccess": ("*",),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonS3ReadOnlyAccess": (
        "s3:Get*",
        "s3:List*",
        "s3:Describe*",
        "s3-object-lambda:Get*",
        "s3-object-lambda:List*",
    ),
    "ReadOnlyAccess": ("s3:Get*", "s3:List*", "s3:Describe*", "iam:Get*", "iam:List*"),
    "SecurityAudit": ("s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:ListAllMyBuckets", "iam:Get*", "iam:List*"),
    "job-function/ViewOnlyAccess": ("s3:ListAllMyBuckets", "s3:ListBucket", "iam:List*"),
    "service-role/AWSLambdaBasicExecutionRole": _LOGS,
    "service-role/AWSLambdaVPCAccessExecutionRole": (*_LOGS, *_INTERFACES),
    "service-role/AmazonECSTaskExecutionRolePolicy": _EXECUTION,
}
"""Policies of AWS's own that a plan names without their text, with what they allow everywhere, all of it of S3."""

Statements = Fact[tuple[Statement, ...]]


def planned_role(plan: Plan, role: Resource, arn: str) -> RoleState:
    """Return a role as it is planned."""
    whole: list[Statement] = []
    statements: Statements = Known(())
    if role in plan.data:
        return RoleState(
            arn, policy(role.get("assume_role_policy"), role.address), _elsewhere(role), _boundary(plan, role)
        )
    for each in _policies(plan, role):
        if not isinstance(each, Known):
            statements = each
            break
        whole += each.value
        statements = Known(tuple(whole))
    return RoleState(
        arn=arn,
        trust=policy(role.get("assume_role_policy"), role.address),
        statements=statements,
        boundary=_boundary(plan, role),
    )


def _elsewhere(role: Resource) -> Statements:
    return Unreadable(f"the plan reads {role.address} and shows not what is attached to it elsewhere")


def _policies(plan: Plan, role: Resource) -> Iterator[Statements]:
    for number in range(role.blocks("inline_policy")):
        yield policy(role.get("inline_policy", number, "policy"), role.address)
    for each, sure in _about(plan, "aws_iam_role_policy", role):
        yield policy(each.get("policy"), each.address) if sure else Pending(f"{each.address}.role")
    for each, sure in _about(plan, "aws_iam_role_policy_attachment", role):
        yield _managed(plan, each, "policy_arn") if sure else Pending(f"{each.address}.role")
    for each in plan.of("aws_iam_policy_attachment"):
        if _attaches(plan, each, role):
            yield _managed(plan, each, "policy_arn")
    arns = role.get("managed_policy_arns")
    for arn in arns.value if isinstance(arns, Known) else ():
        yield _named(plan, str(arn))


def _about(plan: Plan, kind: str, role: Resource) -> Iterator[tuple[Resource, bool]]:
    """Yield the resources of a type that are about a role, and whether that is sure."""
    for each in plan.of(kind):
        roles = linked(plan, each, "role", "aws_iam_role", "name", "id")
        if role in roles:
            yield each, roles == [role]


def _attaches(plan: Plan, attachment: Resource, role: Resource) -> bool:
    """Return whether an attachment to many names a role, or may name it."""
    roles = attachment.get("roles")
    if isinstance(roles, Known) and None not in roles.value:
        return bool({role.get("name"), role.get("id")} & {Known(name) for name in roles.value})
    return role in linked(plan, attachment, "roles", "aws_iam_role", "name", "id")


def _boundary(plan: Plan, role: Resource) -> Statements:
    if isinstance(role.get("permissions_boundary"), Absent) or role.get("permissions_boundary") == Known(""):
        return Absent()
    return _managed(plan, role, "permissions_boundary")


def _managed(plan: Plan, resource: Resource, attribute: str) -> Statements:
    """Return the statements of the managed policy that an attribute names."""
    found: Fact[Any] = resource.get(attribute)
    meant = linked(plan, resource, attribute, "aws_iam_policy", "arn", "id")
    if len(meant) == 1:
        return policy(meant[0].get("policy"), meant[0].address)
    if isinstance(found, Known):
        return _named(plan, str(found.value))
    return Pending(f"{resource.address}.{attribute}")


def _named(plan: Plan, arn: str) -> Statements:
    for each in [*plan.of("aws_iam_policy"), *plan.read("aws_iam_policy")]:
        if each.get("arn") == Known(arn):
            return policy(each.get("policy"), each.address)
    name = arn.partition(":policy/")[2]
    if ":iam::aws:policy/" in arn and name in _OF_AWS:
        return Known((Statement(actions=_OF_AWS[name], resources=("*",), policy=arn),))
    return Unreadable(f"the plan does not show what {arn} allows")
