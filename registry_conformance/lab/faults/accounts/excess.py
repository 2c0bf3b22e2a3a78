"""The server's role: excessive permissions."""

from __future__ import annotations

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import tls_only
from registry_conformance.judge.account.required_rights import ON_BUCKET, ON_OBJECTS
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, in_bucket
from registry_conformance.lab.faults.accounts.role import also, statements


def _by_attachment(declared: Declared) -> Statement:
    policy = f"arn:{declared.partition}:iam::{declared.owner}:policy/everything"
    return Statement(actions=("*",), resources=("*",), policy=policy)


def _all_but_a_service(_: Declared) -> Statement:
    return Statement(not_actions=("iam:*", "organizations:*"), resources=("*",))


def _named_by_the_bucket(declared: Declared) -> Known[tuple[Statement, ...]]:
    whole = Statement(
        actions=("s3:*",),
        resources=(declared.bucket_arn, declared.objects_arn),
        principals=(f"AWS:{declared.role}",),
    )
    return Known((tls_only(declared), whole))


def _all_over(_: Declared) -> list[Statement]:
    return [Statement(actions=(*ON_OBJECTS, *ON_BUCKET), resources=("arn:aws:s3:::*",))]


FAULTS = (
    AccountFault(
        name="role-may-do-anything-in-the-bucket",
        layer="iam",
        seen="nothing, until MLflow is taken over: its role can delete the bucket and open it to the world",
        cause="the policy of the server's role allows s3:*",
        remedy="allow the eight actions that MLflow needs, by name",
        requirements=("INF-049",),
        change=statements(
            lambda declared: [Statement(actions=("s3:*",), resources=(declared.bucket_arn, declared.objects_arn))]
        ),
        incidents=("S20",),
    ),
    AccountFault(
        name="role-may-change-the-bucket-policy",
        layer="iam",
        seen="nothing, until MLflow is taken over: its role can open the bucket to the world",
        cause="the policy of the server's role allows s3:PutBucketPolicy",
        remedy="take s3:PutBucketPolicy out of the policy of the role",
        requirements=("INF-049",),
        change=also(lambda declared: Statement(actions=("s3:PutBucketPolicy",), resources=(declared.bucket_arn,))),
    ),
    AccountFault(
        name="role-may-delete-versions",
        layer="iam",
        seen="nothing, until MLflow is taken over: what it deletes cannot be brought back",
        cause="the policy of the server's role allows s3:DeleteObject*, which is DeleteObjectVersion too",
        remedy="name s3:DeleteObject without a wildcard",
        requirements=("INF-049",),
        change=also(lambda declared: Statement(actions=("s3:DeleteObject*",), resources=(declared.objects_arn,))),
    ),
    AccountFault(
        name="role-reaches-every-bucket",
        layer="iam",
        seen="nothing, until MLflow is asked for an artifact of another bucket, and brings it",
        cause="the policy of the server's role is for arn:aws:s3:::*",
        remedy="name the artifact bucket and its prefix as resources",
        requirements=("INF-050",),
        change=statements(_all_over),
        incidents=("S20",),
    ),
    AccountFault(
        name="role-reaches-beside-the-prefix",
        layer="iam",
        seen="nothing, until MLflow overwrites what others keep in the bucket",
        cause="the policy of the server's role is for all objects of the bucket, not for the artifact prefix",
        remedy="end the resource with the prefix: arn:aws:s3:::BUCKET/PREFIX/*",
        requirements=("INF-050",),
        change=also(lambda declared: Statement(actions=ON_OBJECTS, resources=(f"{declared.bucket_arn}/*",))),
    ),
    AccountFault(
        name="role-may-use-other-services",
        layer="iam",
        seen="nothing, until MLflow is taken over",
        cause="the policy of the server's role allows reading secrets",
        remedy="take the statement out: what the container's agent needs belongs to its execution role",
        requirements=("INF-051",),
        change=also(lambda _: Statement(actions=("secretsmanager:GetSecretValue",), resources=("*",))),
    ),
    AccountFault(
        name="role-may-take-on-other-roles",
        layer="iam",
        seen="nothing, until MLflow is taken over, and with it every role that trusts the account",
        cause="the policy of the server's role allows sts:AssumeRole",
        remedy="take the statement out",
        requirements=("INF-051",),
        change=also(lambda _: Statement(actions=("sts:AssumeRole",), resources=("arn:aws:iam::*:role/*",))),
    ),
    AccountFault(
        name="role-may-pass-roles",
        layer="iam",
        seen="nothing, until MLflow is taken over: it starts tasks that have the rights of other roles",
        cause="the policy of the server's role allows iam:PassRole",
        remedy="take the statement out",
        requirements=("INF-051",),
        change=also(lambda _: Statement(actions=("iam:PassRole", "ecs:RunTask"), resources=("*",))),
    ),
    AccountFault(
        name="role-is-administrator",
        layer="iam",
        seen="nothing, until MLflow is taken over, and the account with it",
        cause="the policy of the server's role allows everything",
        remedy="give the role the policy of the artifact bucket in its place",
        requirements=("INF-049", "INF-050", "INF-051"),
        change=also(lambda _: Statement(actions=("*",), resources=("*",))),
    ),
    AccountFault(
        name="role-is-administrator-by-attachment",
        layer="iam",
        seen="nothing, until MLflow is taken over, and the account with it",
        cause="a managed policy that allows everything is attached to the server's role, beside one that is right",
        remedy="detach the policy",
        requirements=("INF-049", "INF-050", "INF-051"),
        change=also(_by_attachment),
    ),
    AccountFault(
        name="role-may-do-all-but-a-service",
        layer="iam",
        seen="nothing, until MLflow is taken over: what is not named is allowed",
        cause="the policy of the server's role allows everything but IAM, by NotAction",
        remedy="allow the eight actions that MLflow needs, by name",
        requirements=("INF-049", "INF-050", "INF-051"),
        change=also(_all_but_a_service),
    ),
    AccountFault(
        name="bucket-policy-gives-the-role-more",
        layer="iam",
        seen="nothing, until MLflow is taken over: its role can delete the bucket, though its own policy is right",
        cause="a statement of the bucket policy allows s3:* to the server's role",
        remedy="remove the statement: the role's own policy says what it may do",
        requirements=("INF-049",),
        change=in_bucket(policy=_named_by_the_bucket),
        incidents=("S20",),
    ),
)
