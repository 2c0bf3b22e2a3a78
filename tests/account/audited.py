"""An auditor's accounts: features in combinations that the rules were not written for, each with what AWS makes of it.

The verdicts were written down from AWS's own documentation before any account was judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.state import LifecycleRule, ObjectLock, Replica, State, Tiering
from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import Change, in_bucket, in_role
from tests.account.audit_parts import (
    BUCKET,
    CUSTOMER,
    EVERYTHING,
    GET,
    OWN_ROLES,
    PUT,
    ROOT,
    THEIR_ROOT,
    by_tokens,
    denies,
    function,
    key,
    may,
    point,
    policy,
    rows,
    rule,
    taken_on,
    trust,
    uses,
)
from tests.account.audited_policies import OF_POLICY
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, STRANGER, with_identity, with_kms

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED


@dataclass(frozen=True)
class Audited:
    """An account with what is declared of it, and what some requirements must come to."""

    state: State
    declared: Declared
    verdicts: Mapping[str, Verdict]


OTHERS: Mapping[str, tuple[Declared, Change, Mapping[str, Verdict]]] = {
    "customers' keys by any header": (
        replace(DECLARED, refuse_customer_keys=True),
        policy(denies(Action=PUT, Condition={"StringLike": {CUSTOMER: "*"}})),
        {"INF-019": PASSED, "INF-011": PASSED},
    ),
    "customers' keys, all actions": (
        replace(DECLARED, refuse_customer_keys=True),
        policy(denies(NotAction="s3:GetObject", Principal={"AWS": "*"}, Condition={"Null": {CUSTOMER: "false"}})),
        {"INF-019": PASSED, "INF-011": PASSED},
    ),
    "another organisation": (
        replace(DECLARED, organization="o-a1b2c3d4e5"),
        policy(denies(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}})),
        {"INF-011": FAILED},
    ),
    "one of two endpoints": (
        replace(DECLARED, vpc_endpoints=("vpce-0a1b2c3d", "vpce-0ffffffff")),
        policy(denies(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}})),
        {"INF-011": INCONCLUSIVE},
    ),
    "an access point for an organisation": (
        replace(DECLARED, organization="o-a1b2c3d4e5"),
        point({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        {"INF-025": FAILED},
    ),
    "an access point for own roles": (
        DECLARED,
        point({"ArnLike": {"aws:PrincipalArn": OWN_ROLES}}),
        {"INF-025": PASSED},
    ),
    "models of a size go": (
        DECLARED,
        rule(prefix="artifacts/7/", narrowed=True, expires="after 400 days"),
        {"INF-020": FAILED, "INF-021": PASSED},
    ),
    "keys that begin alike are archived": (
        DECLARED,
        rule(prefix="arti", moves=(("STANDARD_IA", "after 30 days"), ("GLACIER", "after 90 days"))),
        {"INF-023": FAILED},
    ),
    "five versions stay": (
        DECLARED,
        in_bucket(lifecycle=Known((LifecycleRule("all", noncurrent_days=90, keeps=5, abort_days=7),))),
        {"INF-021": FAILED, "INF-022": PASSED},
    ),
    "scratch versions go early": (DECLARED, rule(narrowed=True, noncurrent_days=1), {"INF-021": FAILED}),
    "tagged artifacts are archived when unread": (
        DECLARED,
        in_bucket(tiering=Known((Tiering("t", (("ARCHIVE_ACCESS", 90),), narrowed=True),))),
        {"INF-023": FAILED},
    ),
    "archiving that is off": (
        DECLARED,
        in_bucket(tiering=Known((Tiering("t", (("ARCHIVE_ACCESS", 90),), enabled=False),))),
        {"INF-023": PASSED},
    ),
    "retained as long as replaced versions": (
        DECLARED,
        in_bucket(object_lock=Known(ObjectLock("COMPLIANCE", 90))),
        {"INF-024": PASSED},
    ),
    "retained a day longer": (
        DECLARED,
        in_bucket(object_lock=Known(ObjectLock("GOVERNANCE", 91))),
        {"INF-024": FAILED},
    ),
    "copies here and copies there": (
        DECLARED,
        in_bucket(replication=Known((Replica("ours", ACCOUNT), Replica("theirs", STRANGER)))),
        {"INF-017": FAILED},
    ),
    "an ACL that is off": (
        DECLARED,
        in_bucket(ownership=Known("BucketOwnerEnforced"), grants=Known(("READ to AllUsers",))),
        {"INF-013": PASSED},
    ),
    "whoever has an account": (
        DECLARED,
        in_bucket(ownership=Known("BucketOwnerPreferred"), grants=Known(("READ to AuthenticatedUsers",))),
        {"INF-012": FAILED, "INF-013": FAILED},
    ),
    "the key for accounts that begin alike": (
        with_kms(),
        key(uses({"StringLike": {"kms:CallerAccount": "12345678901?"}})),
        {"INF-015": FAILED},
    ),
    "the key for the account through S3": (
        with_kms(),
        key(uses({"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"s3.{REGION}.amazonaws.com"}})),
        {"INF-015": PASSED},
    ),
    "the key for grants of services alone": (
        with_kms(),
        key({**uses({"Bool": {"kms:GrantIsForAWSResource": "true"}}), "Action": "kms:CreateGrant"}),
        {"INF-015": FAILED},
    ),
    "imported material that has expired": (
        with_kms(),
        lambda state, _: replace(state, key=Known(replace(state.key.value, state=Known("PendingImport")))),  # type: ignore[union-attr]  # it is declared
        {"INF-014": FAILED},
    ),
    "a boundary of another bucket": (
        DECLARED,
        in_role(boundary=Known(read_policy({"Statement": may("Allow", "s3:*", "arn:aws:s3:::another/*")}))),
        {"INF-041": FAILED, "INF-046": FAILED},
    ),
    "buckets whose names begin so": (
        DECLARED,
        rows(may("Allow", GET, f"{BUCKET}*")),
        {"INF-050": FAILED},
    ),
    "artifacts of any bucket": (DECLARED, rows(may("Allow", PUT, "arn:aws:s3:::*/artifacts/*")), {"INF-050": FAILED}),
    "everything but IAM": (
        DECLARED,
        rows({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        {"INF-049": FAILED, "INF-050": FAILED, "INF-051": FAILED},
    ),
    "nothing elsewhere": (
        DECLARED,
        rows({"Effect": "Deny", "Action": "s3:*", "NotResource": EVERYTHING}),
        {"INF-041": PASSED, "INF-042": PASSED, "INF-046": PASSED},
    ),
    "tags of a stranger's session": (
        DECLARED,
        trust(
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:TagSession"},
        ),
        {"INF-053": PASSED},
    ),
    "a stranger who knows a word": (
        DECLARED,
        trust(
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {
                "Effect": "Allow",
                "Principal": {"AWS": THEIR_ROOT},
                "Action": "sts:*",
                "Condition": {"StringEquals": {"sts:ExternalId": "word"}},
            },
        ),
        {"INF-053": FAILED},
    ),
    "tasks of another account": (
        DECLARED,
        trust(
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": STRANGER}},
            }
        ),
        {"INF-053": FAILED},
    ),
    "service accounts that begin alike": (
        with_identity(),
        by_tokens({"StringLike": {"sub": "system:serviceaccount:mlflow:mlflow*", "aud": "sts.amazonaws.com"}}),
        {"INF-054": FAILED},
    ),
    "one by name, and all by another statement": (
        with_identity(),
        by_tokens(
            {"StringEquals": {"sub": "system:serviceaccount:mlflow:mlflow", "aud": "sts.amazonaws.com"}},
            {"StringEquals": {"aud": "sts.amazonaws.com"}, "StringLike": {"sub": "system:*"}},
        ),
        {"INF-054": FAILED},
    ),
    "no subject": (with_identity(), by_tokens({"StringEquals": {"aud": "sts.amazonaws.com"}}), {"INF-054": FAILED}),
    "a function that tidies elsewhere": (
        DECLARED,
        function(may("Allow", "s3:Delete*", f"{BUCKET}/thumbnails/*")),
        {"INF-027": PASSED},
    ),
    "a function that tidies all but that": (
        DECLARED,
        function({"Effect": "Allow", "Action": "s3:Delete*", "NotResource": f"{BUCKET}/thumbnails/*"}),
        {"INF-027": FAILED},
    ),
    "a function that is denied some": (
        DECLARED,
        function(
            may("Allow", "s3:*", "*"),
            may(
                "Deny",
                "s3:DeleteObject*",
                f"{BUCKET}/artifacts/*",
                Condition={"StringEquals": {"aws:RequestedRegion": "x"}},
            ),
        ),
        {"INF-027": FAILED},
    ),
    "a chain of roles from outside": (
        DECLARED,
        taken_on(readers=f"arn:aws:iam::{ACCOUNT}:role/deployer", deployer=THEIR_ROOT),
        {"INF-055": FAILED},
    ),
    "a chain of roles from within": (
        DECLARED,
        taken_on(readers=f"arn:aws:iam::{ACCOUNT}:role/deployer", deployer=ROOT),
        {"INF-055": PASSED},
    ),
}
"""What else an account is made of, with what is declared of it."""


def audited() -> Mapping[str, Audited]:
    """Return every account by its name."""
    found = {name: (DECLARED, change, verdicts) for name, (change, verdicts) in OF_POLICY.items()}
    whole = {**found, **OTHERS}
    return MappingProxyType(
        {
            name: Audited(change(promised(declared), declared), declared, verdicts)
            for name, (declared, change, verdicts) in whole.items()
        }
    )
