"""What the suite itself must be let do in an account, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator

from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared

LOOKS_AT_BUCKET = (
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketPolicy",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketAcl",
    "s3:GetLifecycleConfiguration",
    "s3:GetBucketLogging",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:GetIntelligentTieringConfiguration",
    "s3:GetBucketNotification",
    "s3:GetInventoryConfiguration",
)
LOOKS_AT_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")
LOOKS_AT_ROLE = (
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:SimulatePrincipalPolicy",
)
LOOKS_AT_OTHER_ROLES = ("iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies")
LOOKS_AT_POLICIES = ("iam:GetPolicy", "iam:GetPolicyVersion")
LISTS_WAYS = ("lambda:ListEventSourceMappings", "s3:ListAccessPoints")
LISTS_OUTLETS = (
    *("datasync:ListTasks", "datasync:ListLocations", "backup:ListBackupPlans"),
    *("s3:ListJobs", "s3:ListAccessGrantsInstances", "cloudfront:ListDistributions"),
)
LOOKS_AT_BACKUPS = ("backup:GetBackupPlan", "backup:ListBackupSelections", "backup:GetBackupSelection")
LISTS_ROLES = "iam:GetAccountAuthorizationDetails"
LISTS_OBJECTS = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")
TOUCHES_OBJECTS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
    "s3:GetObjectLegalHold",
)


def own_rights(declared: Declared) -> Iterator[Statement]:
    """Yield the statements that let the suite look at the account: it reads settings, and changes none."""
    partition, account = declared.partition, declared.owner
    yield Statement(actions=LOOKS_AT_BUCKET, resources=(declared.bucket_arn,))
    if declared.role:
        yield Statement(actions=LOOKS_AT_ROLE, resources=(declared.role,))
    if account:
        policies = tuple(f"arn:{partition}:iam::{owner}:policy/*" for owner in (account, "aws"))
        yield Statement(actions=LOOKS_AT_POLICIES, resources=policies)
        where = f"{declared.region or '*'}:{account}"
        yield Statement(actions=LOOKS_AT_OTHER_ROLES, resources=(f"arn:{partition}:iam::{account}:role/*",))
        functions = f"arn:{partition}:lambda:{where}:function:*"
        yield Statement(actions=("lambda:GetFunctionConfiguration",), resources=(functions,))
        topics, rules = f"arn:{partition}:sns:{where}:*", f"arn:{partition}:events:{where}:rule/*"
        yield Statement(actions=("sns:ListSubscriptionsByTopic",), resources=(topics,))
        yield Statement(actions=("events:ListRules", "events:ListTargetsByRule"), resources=(rules,))
        yield Statement(actions=(*LISTS_WAYS, *LISTS_OUTLETS, LISTS_ROLES), resources=("*",))
        tasks = f"arn:{partition}:datasync:{where}:task/*"
        yield Statement(actions=("datasync:DescribeTask",), resources=(tasks,))
        plans = f"arn:{partition}:backup:{where}:backup-plan:*"
        yield Statement(actions=LOOKS_AT_BACKUPS, resources=(plans,))
        yield Statement(actions=("s3:DescribeJob",), resources=(f"arn:{partition}:s3:{where}:job/*",))
        grants = f"arn:{partition}:s3:{where}:access-grants/default"
        yield Statement(actions=("s3:ListAccessGrants",), resources=(grants,))
        points = f"arn:{partition}:s3:{where}:accesspoint/*"
        yield Statement(actions=("s3:GetAccessPointPolicy",), resources=(points,))
        if partition == "aws":
            yield Statement(actions=("s3:ListMultiRegionAccessPoints",), resources=("*",))
            far = f"arn:{partition}:s3::{account}:accesspoint/*"
            yield Statement(actions=("s3:GetMultiRegionAccessPointPolicy",), resources=(far,))
    if declared.kms_key:
        yield Statement(actions=LOOKS_AT_KEY, resources=(declared.kms_key,))
    yield Statement(actions=("logs:DescribeLogGroups",), resources=("*",))


def object_rights(declared: Declared) -> Iterator[Statement]:
    """Yield the statements that let a run look at what was stored, and remove for good what it made itself."""
    yield Statement(actions=LISTS_OBJECTS, resources=(declared.bucket_arn,))
    yield Statement(actions=TOUCHES_OBJECTS, resources=(declared.objects_arn,))
    if declared.kms_key:
        yield Statement(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=(declared.kms_key,))
    if groups := declared.log_groups:
        where = f"arn:{declared.partition}:logs:{declared.region}:{declared.owner}:log-group"
        yield Statement(actions=("logs:FilterLogEvents",), resources=tuple(f"{where}:{group}:*" for group in groups))
