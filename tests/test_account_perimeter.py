"""Perimeters: what is declared of where requests come from is judged, what is not is said in one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.reference import promised, tls_only
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import DECLARED

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
INSIDE = replace(DECLARED, vpc_endpoints=("vpce-1", "vpce-2"), vpc="vpc-1", organization="o-own")
FROM = replace(DECLARED, networks=("203.0.113.0/24",))
SSE_C = "s3:x-amz-server-side-encryption-customer-algorithm"


def judged(requirement: str, effect: str, declared: Declared, *conditions: Condition) -> Finding:
    """Return what a bucket policy comes to that says something to everyone under conditions."""
    said = Statement(
        effect,
        ("s3:*",) if effect == "Deny" else ("s3:GetObject",),
        resources=(declared.bucket_arn, f"{declared.bucket_arn}/*"),
        principals=("*",),
        conditions=conditions,
    )
    state = in_bucket(policy=Known((tls_only(declared), said)))(promised(declared), declared)
    return judge(requirement, state, declared)


@pytest.mark.parametrize(
    ("declared", "condition", "verdict", "told"),
    [
        (INSIDE, ("StringNotEquals", "aws:SourceVpce", ("vpce-1", "vpce-2")), PASSED, ""),
        (INSIDE, ("StringNotEquals", "aws:SourceVpce", ("vpce-1",)), INCONCLUSIVE, "aws:SourceVpce vpce-1"),
        (INSIDE, ("StringNotEquals", "aws:SourceVpce", ("vpce-9",)), FAILED, "s3:PutObject"),
        (INSIDE, ("StringNotEquals", "aws:SourceVpc", ("vpc-1",)), PASSED, ""),
        (INSIDE, ("StringNotEquals", "aws:PrincipalOrgID", ("o-own",)), PASSED, ""),
        (INSIDE, ("StringNotEquals", "aws:PrincipalOrgID", ("o-other",)), FAILED, "denied"),
        (INSIDE, ("NotIpAddress", "aws:SourceIp", ("203.0.113.0/24",)), FAILED, "denied"),
        (FROM, ("NotIpAddress", "aws:SourceIp", ("203.0.0.0/16",)), PASSED, ""),
        (FROM, ("NotIpAddress", "aws:SourceIp", ("198.51.100.0/24",)), FAILED, "denied"),
        (FROM, ("NotIpAddress", "aws:SourceIp", ("203.0.113.0/28",)), INCONCLUSIVE, "203.0.113.0/28"),
        (DECLARED, ("StringNotEquals", "aws:SourceVpce", ("vpce-1",)), INCONCLUSIVE, "infrastructure.vpc_endpoints"),
        (DECLARED, ("StringNotEquals", "aws:SourceVpc", ("vpc-1",)), INCONCLUSIVE, "declare infrastructure.vpc"),
        (DECLARED, ("StringNotEquals", "aws:PrincipalOrgID", ("o-1",)), INCONCLUSIVE, "infrastructure.organization"),
        (DECLARED, ("NotIpAddress", "aws:SourceIp", ("10.0.0.0/8",)), INCONCLUSIVE, "declare infrastructure.networks"),
        (DECLARED, ("NumericGreaterThan", "s3:signatureAge", ("600000",)), PASSED, ""),
        (DECLARED, ("StringNotEquals", "s3:signatureversion", ("AWS4-HMAC-SHA256",)), PASSED, ""),
        (DECLARED, ("StringLike", "s3:x-amz-grant-read", ("*/global/AllUsers*",)), PASSED, ""),
        (DECLARED, ("StringNotEquals", "s3:x-amz-acl", ("bucket-owner-full-control",)), FAILED, "s3:PutObject"),
        (DECLARED, ("StringNotEquals", "s3:object-lock-mode", ("GOVERNANCE",)), FAILED, "s3:PutObject"),
        (DECLARED, ("NumericGreaterThan", "aws:MultiFactorAuthAge", ("3600",)), PASSED, ""),
        (DECLARED, ("NumericGreaterThanIfExists", "aws:MultiFactorAuthAge", ("3600",)), FAILED, "s3:DeleteObject"),
        (DECLARED, ("Null", "aws:MultiFactorAuthAge", ("true",)), FAILED, "s3:DeleteObject"),
        (DECLARED, ("DateLessThan", "aws:TokenIssueTime", ("2024-01-01T00:00:00Z",)), PASSED, ""),
        (DECLARED, ("Null", SSE_C, ("false",)), PASSED, ""),
        (DECLARED, ("Null", SSE_C, ("true",)), FAILED, "denied"),
    ],
)
def test_denial_by_a_perimeter(declared: Declared, condition: Condition, verdict: Verdict, told: str) -> None:
    """The server's requests are known as far as its perimeter is declared; a denial of customers' keys spares them."""
    found = judged("INF-011", "Deny", declared, condition)

    assert found.verdict is verdict, found
    assert told in found.actual


@pytest.mark.parametrize(
    ("declared", "condition", "verdict"),
    [
        (INSIDE, ("StringEquals", "aws:SourceVpce", ("vpce-1",)), PASSED),
        (INSIDE, ("StringLike", "aws:SourceVpce", ("vpce-*",)), FAILED),
        (INSIDE, ("StringEquals", "aws:SourceVpce", ("vpce-1", "vpce-9")), FAILED),
        (INSIDE, ("StringEquals", "aws:SourceVpc", ("vpc-1", "vpc-9")), FAILED),
        (INSIDE, ("StringNotEquals", "aws:SourceVpce", ("vpce-1",)), FAILED),
        (INSIDE, ("StringEqualsIfExists", "aws:SourceVpce", ("vpce-1",)), FAILED),
        (INSIDE, ("ForAllValues:StringEquals", "aws:SourceVpce", ("vpce-1",)), FAILED),
        (INSIDE, ("StringEquals", "aws:SourceVpc", ("vpc-1",)), PASSED),
        (INSIDE, ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",)), INCONCLUSIVE),
        (INSIDE, ("IpAddress", "aws:SourceIp", ("0.0.0.0/0",)), FAILED),
        (FROM, ("IpAddress", "aws:SourceIp", ("203.0.113.0/28",)), PASSED),
        (FROM, ("IpAddress", "aws:SourceIp", ("203.0.113.0/24", "198.51.100.0/24")), FAILED),
        (FROM, ("IpAddress", "aws:SourceIp", ("0.0.0.0/0",)), FAILED),
        (FROM, ("NotIpAddress", "aws:SourceIp", ("203.0.113.0/24",)), FAILED),
        (DECLARED, ("IpAddress", "aws:SourceIp", ("0.0.0.0/0", "::/0")), FAILED),
        (DECLARED, ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",)), INCONCLUSIVE),
        (DECLARED, ("StringEquals", "aws:SourceVpce", ("vpce-1",)), INCONCLUSIVE),
    ],
)
def test_opening_within_a_perimeter(declared: Declared, condition: Condition, verdict: Verdict) -> None:
    """Whoever comes through the declared endpoint or network is inside; a pattern that matches others' lets them in."""
    assert judged("INF-010", "Allow", declared, condition).verdict is verdict
