"""An auditor's bucket policies: elements in combinations that the rules were not written for.

The verdicts were written down from AWS's own documentation before any of these was judged.
"""

from __future__ import annotations

from collections.abc import Mapping

from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import Change
from tests.account.audit_parts import (
    BUCKET,
    CUSTOMER,
    EVERYTHING,
    GET,
    NO_TLS,
    NOT_OURS,
    OBJECTS,
    OWN_ROLES,
    PUT,
    ROOT,
    denies,
    lets,
    policy,
)
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, STRANGER

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
OF_POLICY: Mapping[str, tuple[Change, Mapping[str, Verdict]]] = {
    "everyone but the server's role": (policy(lets(NotPrincipal={"AWS": DECLARED.role})), {"INF-010": FAILED}),
    "everyone but those outside, by NotPrincipal": (
        policy(lets(), denies(NotPrincipal={"AWS": [ROOT, DECLARED.role]})),
        {"INF-010": PASSED, "INF-011": INCONCLUSIVE},
    ),
    "roles of a name in any account": (
        policy(lets(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/hokusai-*"}})),
        {"INF-010": FAILED},
    ),
    "a pattern as text": (
        policy(lets(Condition={"StringEquals": {"aws:PrincipalArn": OWN_ROLES}})),
        {"INF-010": PASSED},
    ),
    "half of the Internet": (
        policy(lets(Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "10.0.0.0/8"]}})),
        {"INF-010": FAILED},
    ),
    "where the bucket is": (
        policy(lets(Condition={"StringEquals": {"aws:RequestedRegion": REGION}})),
        {"INF-010": FAILED},
    ),
    "all of no organisations": (
        policy(lets(Condition={"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
        {"INF-010": FAILED},
    ),
    "own roles if there is one": (
        policy(lets(Condition={"StringLikeIfExists": {"aws:PrincipalArn": OWN_ROLES}})),
        {"INF-010": FAILED},
    ),
    "denied all but reading": (
        policy(lets(), denies(NotAction=GET, Condition=NOT_OURS)),
        {"INF-010": FAILED},
    ),
    "denied objects, listed still": (
        policy(lets(Action=[GET, "s3:ListBucket"], Resource=EVERYTHING), denies(Resource=OBJECTS, Condition=NOT_OURS)),
        {"INF-010": FAILED},
    ),
    "denied strangers without TLS": (
        policy(lets(), denies(Condition={**NOT_OURS, **NO_TLS})),
        {"INF-010": FAILED},
    ),
    "denied strangers but one": (
        policy(lets(), denies(Condition={"StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT, STRANGER]}})),
        {"INF-010": FAILED},
    ),
    "a stranger with a tag": (
        policy(lets(Principal={"AWS": STRANGER}, Condition={"Null": {"aws:PrincipalTag/team": "false"}})),
        {"INF-010": FAILED},
    ),
    "through own access points": (
        policy(lets(Action="s3:*", Condition={"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}})),
        {"INF-010": PASSED},
    ),
    "through own access points if any": (
        policy(lets(Condition={"StringEqualsIfExists": {"s3:DataAccessPointAccount": ACCOUNT}})),
        {"INF-010": FAILED},
    ),
    "through access points of a region": (
        policy(lets(Condition={"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:{REGION}:*:accesspoint/*"}})),
        {"INF-010": FAILED},
    ),
    "through services for whoever asks them": (
        policy(lets(Condition={"Bool": {"aws:ViaAWSService": "true"}})),
        {"INF-010": FAILED},
    ),
    "through Athena": (
        policy(lets(Condition={"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}})),
        {"INF-010": FAILED},
    ),
    "from any network of anybody's": (
        policy(lets(Condition={"StringLike": {"aws:SourceVpc": "vpc-*"}})),
        {"INF-010": FAILED},
    ),
    "from any endpoint, if it is one": (
        policy(lets(Condition={"Null": {"aws:SourceVpce": "false"}})),
        {"INF-010": FAILED},
    ),
    "a folder for each account": (
        policy(lets(Resource=f"{BUCKET}/${{aws:PrincipalAccount}}/*")),
        {"INF-010": FAILED},
    ),
    "whose bucket it is": (
        policy(lets(Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}})),
        {"INF-010": FAILED},
    ),
    "who is of the account that has the bucket": (
        policy(lets(Condition={"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}})),
        {"INF-010": PASSED},
    ),
    "by the tag of an object": (
        policy(lets(Condition={"StringEquals": {"s3:ExistingObjectTag/public": "yes"}})),
        {"INF-010": INCONCLUSIVE},
    ),
    "a session of a stranger's role": (
        policy(lets(Principal={"AWS": f"arn:aws:sts::{STRANGER}:assumed-role/reader/anna"})),
        {"INF-010": FAILED},
    ),
    "services of AWS, whoever has them act": (
        policy(lets(Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})),
        {"INF-010": PASSED, "INF-026": FAILED},
    ),
    "log delivery from a bucket of a name": (
        policy(
            lets(
                Principal={"Service": "logging.s3.amazonaws.com"},
                Action=PUT,
                Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::hokusai-*"}},
            )
        ),
        {"INF-010": PASSED, "INF-026": FAILED},
    ),
    "a page on the web": (policy(lets(Resource=f"{BUCKET}/website/*")), {"INF-010": FAILED}),
    "uploads that are given to the owner": (
        policy(lets(Action=PUT, Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}})),
        {"INF-010": FAILED},
    ),
    "a session's name in any account": (
        policy(lets(Condition={"StringLike": {"aws:userid": "*:mlflow"}})),
        {"INF-010": FAILED},
    ),
    "nobody any more": (
        policy(lets(Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})),
        {"INF-010": PASSED},
    ),
    "strangers in some years": (
        policy(lets(), denies(Condition={**NOT_OURS, "DateLessThan": {"aws:CurrentTime": "2090-01-01T00:00:00Z"}})),
        {"INF-010": FAILED},
    ),
    "TLS by everyone of AWS": (policy(tls=denies(Principal={"AWS": "*"}, Condition=NO_TLS)), {"INF-009": PASSED}),
    "TLS on all but IAM": (policy(tls=denies(NotAction="iam:*", Condition=NO_TLS)), {"INF-009": PASSED}),
    "TLS on all but another bucket": (
        policy(tls=denies(NotResource="arn:aws:s3:::another/*", Condition=NO_TLS)),
        {"INF-009": PASSED},
    ),
    "TLS of buckets of a name": (
        policy(tls=denies(Resource="arn:aws:s3:::hokusai-*", Condition=NO_TLS)),
        {"INF-009": PASSED},
    ),
    "TLS for reading and the rest": (
        policy(
            denies(Action="s3:*", Condition={**NO_TLS, "Null": {"aws:PrincipalArn": "false"}}),
            tls=denies(Action="s3:Get*", Condition=NO_TLS),
        ),
        {"INF-009": FAILED},
    ),
    "old TLS, and plain HTTP not": (
        policy(tls=denies(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}})),
        {"INF-009": FAILED},
    ),
    "uploads without a header": (
        policy(denies(Action=PUT, Condition={"Null": {"s3:x-amz-server-side-encryption": "true"}})),
        {"INF-011": FAILED},
    ),
    "customers' keys of another kind": (
        policy(denies(Action=PUT, Condition={"StringNotEquals": {CUSTOMER: "AES256"}})),
        {"INF-011": FAILED},
    ),
    "outside an endpoint that is not declared": (
        policy(denies(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}})),
        {"INF-011": INCONCLUSIVE},
    ),
}
"""What the bucket's policy says, beside what is declared of the account."""
