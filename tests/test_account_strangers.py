"""Whom a bucket policy lets in from outside the account, for sure or under a condition that nobody here can judge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.reference import promised, trust
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket, in_role
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER

OBJECTS = f"arn:aws:s3:::{DECLARED.bucket}/*"
PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED


def judged(*statements: Statement, declared: Declared = DECLARED) -> Finding:
    """Return what it comes to who is let in by a bucket policy."""
    state = in_bucket(policy=Known(statements))(promised(declared), declared)
    return judge("INF-010", state, declared)


def allows(principal: str, *conditions: Condition) -> Statement:
    """Return a statement that lets somebody read."""
    return Statement(actions=("s3:GetObject",), resources=(OBJECTS,), principals=(principal,), conditions=conditions)


@pytest.mark.parametrize(
    ("principal", "verdict"),
    [
        ("*", FAILED),
        (f"AWS:{STRANGER}", FAILED),
        (f"AWS:arn:aws:iam::{STRANGER}:root", FAILED),
        (f"AWS:arn:aws:iam::{STRANGER}:user/{ACCOUNT}", FAILED),
        (f"AWS:arn:aws:sts::{STRANGER}:assumed-role/a/b", FAILED),
        ("AWS:arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", FAILED),
        ("CanonicalUser:79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", FAILED),
        ("Federated:cognito-identity.amazonaws.com", FAILED),
        (f"AWS:{ACCOUNT}", PASSED),
        (f"AWS:arn:aws:iam::{ACCOUNT}:user/{STRANGER}", PASSED),
        ("AWS:AROAEXAMPLEEXAMPLE01", PASSED),
        ("Service:logging.s3.amazonaws.com", PASSED),
    ],
)
def test_principals(principal: str, verdict: Verdict) -> None:
    """A principal is told by the account in its ARN, not by digits somewhere in it."""
    assert judged(allows(principal)).verdict is verdict


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        (("StringEquals", "aws:PrincipalAccount", (ACCOUNT,)), PASSED),
        (("StringEquals", "aws:PrincipalAccount", (ACCOUNT, STRANGER)), FAILED),
        (("StringEqualsIfExists", "aws:PrincipalAccount", (ACCOUNT,)), FAILED),
        (("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)), FAILED),
        (("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:role/*",)), PASSED),
        (("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/mlflow",)), FAILED),
        (("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{STRANGER}:role/*",)), FAILED),
        (("StringLike", "aws:PrincipalArn", ("*",)), FAILED),
        (("StringLike", "aws:userId", ("AROAEXAMPLE:*",)), INCONCLUSIVE),
        (("StringEquals", "aws:PrincipalOrgID", ("o-1",)), FAILED),
        (("StringEquals", "aws:SourceArn", (f"arn:aws:sns:eu-west-1:{ACCOUNT}:t",)), PASSED),
        (("StringEquals", "aws:SourceVpce", ("vpce-1",)), INCONCLUSIVE),
        (("IpAddress", "aws:SourceIp", ("10.0.0.0/8",)), INCONCLUSIVE),
        (("StringEquals", "s3:DataAccessPointAccount", (ACCOUNT,)), PASSED),
        (("StringEquals", "s3:DataAccessPointAccount", (STRANGER,)), FAILED),
        (("StringLike", "s3:DataAccessPointAccount", ("*",)), FAILED),
        (("StringLike", "s3:DataAccessPointArn", (f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/*",)), PASSED),
        (("ArnLike", "s3:DataAccessPointArn", ("arn:aws:s3:*:*:accesspoint/models",)), FAILED),
        (("StringLike", "aws:PrincipalAccount", ("12345678901?",)), FAILED),
        (("StringLike", "aws:PrincipalAccount", ("9*",)), FAILED),
        (("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::1234567890*:role/*",)), FAILED),
        (("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:*",)), PASSED),
        (("StringLike", "aws:PrincipalArn", (f"*{ACCOUNT}*",)), FAILED),
        (("StringEquals", "aws:PrincipalAccount", ("*",)), PASSED),
        (("StringEquals", "AWS:PRINCIPALACCOUNT", (ACCOUNT,)), PASSED),
        (("Null", "aws:PrincipalAccount", ("True",)), FAILED),
        (("StringEquals", "aws:PrincipalAccount", ("${aws:ResourceAccount}",)), PASSED),
        (("StringEquals", "aws:PrincipalAccount", (f"${{aws:SourceAccount, '{STRANGER}'}}",)), FAILED),
        (("StringEquals", "aws:PrincipalTag/team", ("models",)), FAILED),
        (("StringEquals", "aws:PrincipalTag/team", ("${aws:RequestTag/team}",)), FAILED),
        (("StringLike", "aws:Referer", ("https://models.example/*",)), FAILED),
        (("StringEquals", "aws:UserAgent", ("models",)), FAILED),
        (("BoolIfExists", "aws:MultiFactorAuthPresent", ("true",)), FAILED),
        (("DateGreaterThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)), FAILED),
        (("StringEquals", "aws:SourceIdentity", ("admin",)), FAILED),
        (("Bool", "aws:PrincipalIsAWSService", ("true",)), PASSED),
        (("ForAllValues:StringEquals", "aws:PrincipalServiceNamesList", ("cloudtrail.amazonaws.com",)), FAILED),
        (("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ("o-1/*",)), FAILED),
        (("Bool", "aws:SecureTransport", ("true",)), FAILED),
        (("Bool", "aws:SecureTransport", ("false",)), PASSED),
    ],
)
def test_conditions_on_everyone(condition: Condition, verdict: Verdict) -> None:
    """What a condition says counts, not that there is one; what it hangs on is named."""
    found = judged(allows("*", condition))

    assert found.verdict is verdict, found
    assert verdict is not INCONCLUSIVE or condition[1] in found.actual


def test_denials_count_together() -> None:
    """Statements that refuse bucket and objects apart, or one action each, refuse what they are about together."""
    others: tuple[Condition, ...] = (("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),)
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",), conditions=others)
    of_bucket = replace(denial, resources=(DECLARED.bucket_arn,))
    whole = replace(allows("*"), actions=("s3:GetObject", "s3:ListBucket"), resources=(DECLARED.bucket_arn, OBJECTS))
    by_prefix = replace(whole, actions=("s3:*",), resources=(f"{DECLARED.bucket_arn}*",))
    all_but = replace(whole, actions=(), not_actions=("iam:*",))

    assert judged(whole, denial).verdict is FAILED
    for opened in (whole, by_prefix, all_but):
        assert judged(opened, denial, of_bucket).verdict is PASSED
    assert (
        judged(whole, replace(denial, actions=("s3:Get*",)), replace(of_bucket, actions=("s3:List*",))).verdict
        is PASSED
    )
    assert judged(by_prefix, replace(denial, actions=("s3:Get*",)), of_bucket).verdict is FAILED


@pytest.mark.parametrize(
    ("condition", "allowed", "spared"),
    [
        (("DateLessThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)), PASSED, FAILED),
        (("DateLessThan", "aws:CurrentTime", ("2999-01-01",)), FAILED, FAILED),
        (("DateGreaterThan", "AWS:CurrentTime", ("2999-01-01T00:00:00+02:00",)), FAILED, FAILED),
        (("DateGreaterThanEquals", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)), FAILED, PASSED),
        (("NumericLessThan", "aws:EpochTime", ("1577836800",)), PASSED, FAILED),
        (("DateNotEquals", "aws:EpochTime", ("1577836800",)), FAILED, PASSED),
        (("DateLessThan", "aws:CurrentTime", ("some day",)), FAILED, FAILED),
    ],
)
def test_time_passes(condition: Condition, allowed: Verdict, spared: Verdict) -> None:
    """What has ended lets nobody in any more; what begins one day does, and so does a denial that is not for ever."""
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",), conditions=(condition,))

    assert judged(allows("*", condition)).verdict is allowed
    assert judged(allows("*"), denial).verdict is spared


def test_denial_past_an_undeclared_perimeter() -> None:
    """A denial of whoever comes by no endpoint may refuse everybody: which endpoints are ours is to be declared."""
    endpoint: Condition = ("StringNotEquals", "aws:SourceVpce", ("vpce-1",))
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",), conditions=(endpoint,))
    found = judged(allows("*"), denial)

    assert found.verdict is INCONCLUSIVE
    assert found.actual.endswith("declare infrastructure.vpc_endpoints")
    assert judged(allows("*"), denial, declared=replace(DECLARED, vpc_endpoints=("vpce-1",))).verdict is PASSED


def test_denials_count() -> None:
    """Whom another statement refuses is not let in, unless it spares them."""
    everyone = allows("*")
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",))
    but_ours = replace(denial, conditions=(("StringNotLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:*",)),))
    but_the_organisation = replace(denial, conditions=(("StringNotEquals", "aws:PrincipalOrgID", ("o-1",)),))
    but_reads = replace(denial, actions=("s3:PutObject",))
    but_some = replace(denial, principals=(), not_principals=(f"AWS:{DECLARED.role}", f"AWS:{ACCOUNT}"))

    assert judged(everyone, but_ours).verdict is PASSED
    assert judged(everyone, but_some).verdict is PASSED
    assert judged(everyone, but_the_organisation).verdict is FAILED
    assert judged(everyone, but_reads).verdict is FAILED


def test_denial_by_what_it_leaves_out() -> None:
    """A denial of all but something counts; one that spares ids of principals does not say whose they are."""
    everyone = allows("*")
    ours = (("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)),)
    denial = Statement("Deny", principals=("*",), conditions=ours)
    but_uploads = replace(denial, not_actions=("s3:PutObject",), resources=(OBJECTS,))
    but_reads = replace(denial, not_actions=("s3:Get*",), resources=(OBJECTS,))
    elsewhere = replace(denial, actions=("s3:*",), not_resources=("arn:aws:s3:::other/*",))
    but_some = replace(denial, actions=("s3:*",), not_resources=(f"{OBJECTS[:-1]}artifacts/1/*",))
    tagged = (("StringNotEquals", "aws:PrincipalTag/team", ("models",)),)
    by_tag = replace(denial, actions=("s3:*",), resources=(OBJECTS,), conditions=tagged)
    by_id = replace(by_tag, conditions=(("StringNotLike", "aws:userId", ("AROAEXAMPLE:*", ACCOUNT)),))

    assert judged(everyone, but_uploads).verdict is PASSED
    assert judged(everyone, but_reads).verdict is FAILED
    assert judged(everyone, elsewhere).verdict is PASSED
    assert judged(everyone, but_some).verdict is FAILED
    assert judged(everyone, by_tag).verdict is FAILED
    assert judged(everyone, by_id).verdict is INCONCLUSIVE
    assert "aws:userId" in judged(everyone, by_id).actual


def test_ids_of_users_by_the_names_of_sessions() -> None:
    """A pattern that leaves the id open is for whoever calls a session so; an id that is named is of nobody known."""
    of_any_role = ("StringLike", "aws:userid", ("*:models",))
    of_one_role = ("StringLike", "aws:userid", ("AROAEXAMPLE:*",))
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS,), principals=("*",))
    but_sessions = replace(denial, conditions=(("StringNotLike", "aws:userid", ("AROA*:models", "AIDAEXAMPLE")),))

    assert judged(replace(allows("*"), conditions=(of_any_role,))).verdict is FAILED
    assert judged(replace(allows("*"), conditions=(of_one_role,))).verdict is INCONCLUSIVE
    assert judged(allows("*"), but_sessions).verdict is FAILED


def test_everyone_but_some_is_everyone() -> None:
    """A statement that allows all but somebody lets the world in."""
    assert judged(replace(allows("*"), principals=(), not_principals=(f"AWS:{STRANGER}",))).verdict is FAILED


def test_account_that_nobody_declares() -> None:
    """Where no account is declared the role tells it; where neither is, who is an outsider cannot be told."""
    of_role = replace(DECLARED, account="")
    nobody = replace(DECLARED, account="", role="")

    assert judged(allows(f"AWS:{STRANGER}"), declared=of_role).verdict is FAILED
    assert judged(allows(f"AWS:{ACCOUNT}"), declared=of_role).verdict is PASSED
    assert judged(allows(f"AWS:{STRANGER}"), declared=nobody).verdict is INCONCLUSIVE
    assert judged(allows("*"), declared=nobody).verdict is FAILED


@pytest.mark.parametrize(
    ("statement", "trusted", "told"),
    [
        (Statement(actions=("sts:AssumeRole",), principals=("Service:ecs-tasks.amazonaws.com",)), (), ""),
        (Statement(actions=("sts:AssumeRole",), principals=("Service:ec2.amazonaws.com",)), ("a", "b"), "a may not"),
        (Statement(actions=("sts:AssumeRole",), not_principals=("AWS:1",)), (), "so may *"),
        (Statement("Deny", ("sts:AssumeRole",), principals=("*",)), (), "nobody may"),
    ],
)
def test_trust(statement: Statement, trusted: tuple[str, ...], told: str) -> None:
    """The declared services must be let in, and nobody else may be."""
    declared = replace(DECLARED, trusted=trusted)
    found = judge("INF-053", in_role(trust=Known((statement,)))(promised(declared), declared), declared)

    assert found.verdict is (FAILED if told else PASSED), found
    assert told in found.actual


@pytest.mark.parametrize(
    ("allowed", "denied", "verdict"),
    [
        (("StringEquals", "aws:PrincipalAccount", ("${aws:ResourceAccount}",)), None, PASSED),
        (("StringEquals", "aws:PrincipalAccount", (STRANGER,)), None, FAILED),
        (None, ("StringNotEquals", "aws:PrincipalAccount", (ACCOUNT,)), PASSED),
        (None, ("StringEquals", "aws:PrincipalAccount", ("888888888888",)), FAILED),
        (("DateLessThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)), None, PASSED),
    ],
)
def test_strangers_by_a_trust_policy(allowed: Condition | None, denied: Condition | None, verdict: Verdict) -> None:
    """Whoever a denial refuses, a variable leaves out, or a time has shut out does not take on the role."""
    lets = Statement(actions=("sts:*",), principals=(f"AWS:{STRANGER}",), conditions=(allowed,) if allowed else ())
    refuses = Statement("Deny", ("sts:AssumeRole",), principals=("*",), conditions=(denied,) if denied else ())
    said = Known((*trust(DECLARED), lets, *((refuses,) if denied else ())))

    assert judge("INF-053", in_role(trust=said)(promised(DECLARED), DECLARED), DECLARED).verdict is verdict
