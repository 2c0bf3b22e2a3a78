"""The server's role: missing permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import rights
from registry_conformance.judge.account.required_rights import NEEDS, ON_BUCKET, ON_KEY, ON_OBJECTS
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_role, without

_SEEN = {
    "s3:GetObject": ("uploading and listing work, every download is an error", "S6"),
    "s3:PutObject": ("listing and downloading work, every upload is 500", "S5"),
    "s3:DeleteObject": ("deleting an artifact is 200, and it is still there", "S8"),
    "s3:AbortMultipartUpload": ("uploads that fail pile up as invisible parts", "S8"),
    "s3:ListMultipartUploadParts": ("large uploads that were interrupted cannot be resumed", "S8"),
    "s3:ListBucket": ("uploading works, listing is 403", "S7"),
    "s3:GetBucketLocation": ("clients that look for the bucket's region are refused", "S11"),
    "s3:ListBucketMultipartUploads": ("unfinished uploads cannot be found", "S8"),
}


def statements(make: Callable[[Declared], list[Statement]]) -> Change:
    """Return the change that replaces the role's statements."""
    return in_role(statements=lambda declared: Known(tuple(make(declared))))


def also(make: Callable[[Declared], Statement]) -> Change:
    """Return the change that adds a statement to the role."""
    return statements(lambda declared: [*rights(declared), make(declared)])


def _without(action: str) -> Change:
    def fewer(declared: Declared) -> list[Statement]:
        kept = [_less(each, action) for each in rights(declared)]
        return [each for each in kept if each.actions]

    return statements(fewer)


def _less(statement: Statement, action: str) -> Statement:
    return replace(statement, actions=tuple(each for each in statement.actions if each != action))


def _lacks(action: str, requirement: str) -> AccountFault:
    seen, incident = _SEEN[action]
    name = "".join(f"-{each.lower()}" if each.isupper() else each for each in action.removeprefix("s3:"))[1:]
    where = "arn:aws:s3:::BUCKET" if action in ON_BUCKET else "arn:aws:s3:::BUCKET/PREFIX/*"
    return AccountFault(
        name=f"role-lacks-{name}",
        layer="iam",
        seen=seen,
        cause=f"the policy of the server's role lacks {action}",
        remedy=f"allow {action} on {where} in the role of MLflow",
        requirements=(requirement,),
        change=_without(action),
        incidents=(incident,),
    )


def _in_capitals(declared: Declared) -> list[Statement]:
    named, *rest = rights(declared)
    return [replace(named, resources=(declared.objects_arn.replace(declared.prefix, declared.prefix.upper()),)), *rest]


def _of_another_bucket(declared: Declared) -> list[Statement]:
    return list(rights(replace(declared, bucket="hokusai-mlflow-artifacts-before")))


FAULTS = (
    AccountFault(
        name="role-missing",
        layer="iam",
        seen="MLflow does not start, or runs without credentials: every upload is 500",
        cause="the role that MLflow is to run with is not there",
        remedy="make the role, with its trust and its policy",
        requirements=("INF-040",),
        change=without("role"),
        incidents=("S10",),
    ),
    *(_lacks(action, requirement) for requirement, action in NEEDS.items()),
    AccountFault(
        name="role-lists-objects-instead-of-the-bucket",
        layer="iam",
        seen="uploading works, listing is 403",
        cause="s3:ListBucket is allowed on the bucket's objects, where it means nothing",
        remedy="allow s3:ListBucket on arn:aws:s3:::BUCKET (without /*) in the role of MLflow",
        requirements=("INF-046",),
        change=statements(
            lambda declared: [
                Statement(actions=(*ON_OBJECTS, "s3:ListBucket"), resources=(declared.objects_arn,)),
                Statement(actions=ON_BUCKET[1:], resources=(declared.bucket_arn,)),
            ]
        ),
        incidents=("S7",),
    ),
    AccountFault(
        name="role-of-another-bucket",
        layer="iam",
        seen="metadata fine, uploads 500, listing and downloading 403",
        cause="the policy of the server's role names another bucket",
        remedy="name the artifact bucket and its prefix in the policy of the role",
        requirements=(*NEEDS, "INF-050"),
        change=statements(_of_another_bucket),
        incidents=("S10",),
    ),
    AccountFault(
        name="role-names-the-prefix-in-capitals",
        layer="iam",
        seen="listing works, uploads and downloads are errors",
        cause="the policy of the server's role spells the prefix in capitals, which S3 tells from small letters",
        remedy="name the prefix as it is declared",
        requirements=("INF-041", "INF-042", "INF-043", "INF-044", "INF-045", "INF-050"),
        change=statements(_in_capitals),
        incidents=("S5",),
    ),
    AccountFault(
        name="role-denied-by-itself",
        layer="iam",
        seen="deleting an artifact is 200, and it is still there",
        cause="a statement of the role's own policies denies s3:DeleteObject",
        remedy="remove the denial",
        requirements=("INF-043",),
        change=also(lambda _: Statement(effect="Deny", actions=("s3:Delete*",), resources=("*",))),
        incidents=("S8",),
    ),
    AccountFault(
        name="role-bounded-too-tightly",
        layer="iam",
        seen="listing and downloading work, every upload is 500, though the role's policy is right",
        cause="the role's permissions boundary does not allow s3:PutObject",
        remedy="allow s3:PutObject in the permissions boundary, or take the boundary away",
        requirements=("INF-042",),
        change=in_role(
            boundary=lambda _: Known(
                (Statement(actions=("s3:Get*", "s3:List*", "s3:Delete*", "s3:Abort*"), resources=("*",)),)
            )
        ),
        incidents=("S5",),
    ),
    AccountFault(
        name="role-may-not-use-the-key",
        layer="iam",
        seen="uploads are 500 though the role may put objects",
        cause="the bucket encrypts with a KMS key that the role of MLflow may not use",
        remedy="allow kms:GenerateDataKey and kms:Decrypt on the bucket's key to the role of MLflow",
        requirements=("INF-052",),
        change=_without(ON_KEY[0]),
        needs_kms=True,
        incidents=("S5",),
    ),
)
