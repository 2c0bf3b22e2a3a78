"""What statements allow: decided as IAM decides it, and told apart from what cannot be judged."""

from __future__ import annotations

import pytest

from registry_conformance.judge.account.grants import Grant, grants
from registry_conformance.judge.account.patterns import covers
from registry_conformance.judge.account.permission import AccessDecision, Request, decide
from registry_conformance.judge.account.statement import PolicyError, Statement, read_policy, write_policy

HERE = "arn:aws:s3:::b/artifacts/1/a.bin"
ROLE = "arn:aws:iam::123456789012:role/mlflow"
SESSION = "arn:aws:sts::123456789012:assumed-role/mlflow/task"
FACTS = {
    "aws:securetransport": ("true",),
    "s3:prefix": ("artifacts/1",),
    "s3:x-amz-server-side-encryption": (),
    "aws:tags": ("a", "b"),
}
READ = Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::b/*",))


def said(*statements: Statement, action: str = "s3:GetObject") -> AccessDecision:
    """Return what statements say to a request of the server's role."""
    return decide(statements, Request(action, HERE, ROLE, FACTS))


@pytest.mark.parametrize(
    ("statement", "decision"),
    [
        (READ, AccessDecision.ALLOWED),
        (Statement(actions=("S3:getobject",), resources=("*",)), AccessDecision.ALLOWED),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::b/artifacts/?/*",)), AccessDecision.ALLOWED),
        (Statement(actions=("s3:PutObject",), resources=("*",)), AccessDecision.NOT_ALLOWED),
        (Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::b",)), AccessDecision.NOT_ALLOWED),
        (Statement(not_actions=("s3:Delete*",), resources=("*",)), AccessDecision.ALLOWED),
        (Statement(not_actions=("s3:Get*",), resources=("*",)), AccessDecision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), not_resources=("arn:aws:s3:::b/artifacts/*",)), AccessDecision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=(f"AWS:{ROLE}",)), AccessDecision.ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=("AWS:123456789012",)), AccessDecision.ALLOWED),
        (
            Statement(actions=("s3:*",), resources=("*",), principals=("AWS:arn:aws:iam::123456789012:root",)),
            AccessDecision.ALLOWED,
        ),
        (Statement(actions=("s3:*",), resources=("*",), principals=("AWS:999999999999",)), AccessDecision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), not_principals=(f"AWS:{ROLE}",)), AccessDecision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=("*",)), AccessDecision.ALLOWED),
        (
            Statement(actions=("s3:*",), resources=("*",), principals=(f"AWS:{ROLE}-before",)),
            AccessDecision.NOT_ALLOWED,
        ),
        (Statement(actions=("s3:*",), resources=("*",), principals=(f"AWS:{SESSION}",)), AccessDecision.DEPENDS),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::b/Artifacts/*",)), AccessDecision.NOT_ALLOWED),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::${aws:PrincipalTag/b}/*",)), AccessDecision.DEPENDS),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::b/${aws:username}/*", "*")), AccessDecision.ALLOWED),
        (Statement("Deny", ("s3:*",), not_resources=("arn:aws:s3:::b/*",)), AccessDecision.NOT_ALLOWED),
        (Statement("Deny", not_actions=("s3:Get*",), resources=("*",)), AccessDecision.NOT_ALLOWED),
        (Statement("Deny", not_actions=("s3:Put*",), resources=("*",)), AccessDecision.DENIED),
        (Statement("Deny", ("*",), resources=("*",), not_principals=("AWS:123456789012",)), AccessDecision.DENIED),
        (Statement("Deny", ("*",), resources=("*",), not_principals=(f"AWS:{ROLE}",)), AccessDecision.DEPENDS),
    ],
)
def test_one_statement(statement: Statement, decision: AccessDecision) -> None:
    """A statement allows what it names, by patterns, negations and principals."""
    assert said(statement) is decision


@pytest.mark.parametrize(
    ("operator", "key", "values", "decision"),
    [
        ("Bool", "aws:SecureTransport", ("true",), AccessDecision.ALLOWED),
        ("Bool", "aws:SecureTransport", ("false",), AccessDecision.NOT_ALLOWED),
        ("StringLike", "s3:prefix", ("artifacts/*",), AccessDecision.ALLOWED),
        ("StringEquals", "s3:prefix", ("artifacts",), AccessDecision.NOT_ALLOWED),
        ("StringNotEquals", "s3:x-amz-server-side-encryption", ("AES256",), AccessDecision.ALLOWED),
        ("StringEquals", "s3:x-amz-server-side-encryption", ("AES256",), AccessDecision.NOT_ALLOWED),
        ("StringEqualsIfExists", "s3:x-amz-server-side-encryption", ("AES256",), AccessDecision.ALLOWED),
        ("Null", "s3:x-amz-server-side-encryption", ("true",), AccessDecision.ALLOWED),
        ("Null", "s3:x-amz-server-side-encryption", ("false",), AccessDecision.NOT_ALLOWED),
        ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",), AccessDecision.DEPENDS),
        ("StringEquals", "aws:SourceVpce", ("vpce-1",), AccessDecision.DEPENDS),
        ("NumericLessThan", "s3:signatureage", ("600000",), AccessDecision.DEPENDS),
        ("NumericLessThan", "s3:TlsVersion", ("1.2",), AccessDecision.NOT_ALLOWED),
        ("NumericLessThan", "s3:TlsVersion", ("1.3",), AccessDecision.DEPENDS),
        ("NumericGreaterThanEquals", "s3:TlsVersion", ("1.2",), AccessDecision.ALLOWED),
        ("NumericLessThan", "s3:TlsVersion", ("none",), AccessDecision.DEPENDS),
        ("StringEquals", "s3:authType", ("REST-HEADER",), AccessDecision.DEPENDS),
        ("StringLike", "s3:prefix", ("${s3:prefix}*",), AccessDecision.ALLOWED),
        ("StringLike", "s3:prefix", ("${aws:username}/*",), AccessDecision.DEPENDS),
        ("ForAnyValue:StringEquals", "s3:x-amz-server-side-encryption", ("AES256",), AccessDecision.NOT_ALLOWED),
        ("ForAllValues:StringEquals", "s3:x-amz-server-side-encryption", ("AES256",), AccessDecision.ALLOWED),
        ("ForAllValues:StringLike", "aws:tags", ("a*", "b*"), AccessDecision.ALLOWED),
        ("ForAllValues:StringLike", "aws:tags", ("a*",), AccessDecision.NOT_ALLOWED),
        ("ForAnyValue:StringLike", "aws:tags", ("a*",), AccessDecision.ALLOWED),
        ("BinaryEquals", "s3:prefix", ("YXI=",), AccessDecision.DEPENDS),
    ],
)
def test_conditions(operator: str, key: str, values: tuple[str, ...], decision: AccessDecision) -> None:
    """A condition is decided on what is known of the server's requests; on nothing else is anything said."""
    statement = Statement(actions=("s3:*",), resources=("*",), conditions=((operator, key, values),))
    assert said(statement) is decision


def test_denial_outranks() -> None:
    """A denial outranks what is allowed; one under an unknown condition leaves it open."""
    denial = Statement("Deny", ("s3:*",), resources=("*",))
    perhaps = Statement("Deny", ("s3:*",), resources=("*",), conditions=(("Bool", "aws:ViaAWSService", ("true",)),))

    assert said(READ, denial) is AccessDecision.DENIED
    assert said(READ, perhaps) is AccessDecision.DEPENDS
    assert said(denial) is AccessDecision.DENIED


def test_grants_are_what_is_left() -> None:
    """What is denied without condition is no grant, and a boundary leaves what both allow."""
    whole = Statement(actions=("s3:*",), resources=("*",))
    bound = Statement(actions=("s3:Get*", "sqs:*"), resources=("arn:aws:s3:::b/*",))

    assert grants([whole]) == [Grant("s3:*", "*")]
    assert grants([whole, Statement("Deny", ("*",), resources=("*",))]) == []
    assert grants([whole], [bound]) == [Grant("s3:Get*", "arn:aws:s3:::b/*")]
    assert grants([READ], [Statement(actions=("s3:Put*",), resources=("*",))]) == []
    assert grants([Statement(not_actions=("iam:*",), resources=("*",))]) == [Grant("*", "*", ("iam:*",))]


def test_grants_are_cut_by_denials_of_all_but() -> None:
    """A denial of all but some leaves these; one of all but a place leaves that place, and one with a condition all."""
    whole = Statement(actions=("s3:*",), resources=("*",), policy="wide")
    but = Statement("Deny", not_actions=("s3:GetObject", "sqs:*"), resources=("*",))
    place = Statement("Deny", ("s3:*",), not_resources=("arn:aws:s3:::b/*",))
    perhaps = Statement("Deny", ("s3:*",), resources=("*",), conditions=(("Bool", "aws:SecureTransport", ("false",)),))

    assert grants([whole, but]) == [Grant("s3:GetObject", "*")]
    assert grants([whole, place]) == [Grant("s3:*", "arn:aws:s3:::b/*")]
    assert grants([whole, perhaps]) == [Grant("s3:*", "*")]
    assert str(grants([whole])[0]) == "s3:* on * (in wide)"
    assert str(Grant("*", "*", ("iam:*",), ("arn:aws:s3:::b/*",))) == "* but iam:* on * but arn:aws:s3:::b/*"


@pytest.mark.parametrize(
    ("grant", "in_s3", "beyond_s3"),
    [
        (Grant("s3:Get*", "*"), True, False),
        (Grant("S3:GetObject", "*"), True, False),
        (Grant("*", "*"), True, True),
        (Grant("*", "*", ("s3:*",)), False, True),
        (Grant("s*", "*"), True, True),
        (Grant("sqs:*", "*"), False, True),
        (Grant("s3-object-lambda:*", "*"), False, True),
    ],
)
def test_grants_are_of_services(grant: Grant, in_s3: bool, beyond_s3: bool) -> None:
    """A grant is of S3, of another service, or of both, whatever patterns it has."""
    assert (grant.in_s3, grant.beyond_s3) == (in_s3, beyond_s3)


@pytest.mark.parametrize(
    ("pattern", "other", "covered"),
    [
        ("s3:*", "s3:Get*", True),
        ("s3:Get*", "s3:*", False),
        ("a?c", "abc", True),
        ("a.c", "abc", False),
        ("*", "", True),
    ],
)
def test_patterns(pattern: str, other: str, covered: bool) -> None:
    """A pattern covers what it matches, other patterns among it, and takes dots for dots."""
    assert covers(pattern, other) is covered


def test_policy_reads_back_as_written() -> None:
    """Statements become a document and read back the same, percent-encoded as IAM sends them or not."""
    every = Statement("Deny", ("s3:*",), (), ("a", "b"), (), ("*",), (), (("Bool", "aws:SecureTransport", ("false",)),))
    assert read_policy(write_policy([READ, every])) == (READ, every)
    assert read_policy('{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "x"}}') == (
        Statement(actions=("s3:GetObject",), resources=("x",)),
    )
    assert read_policy("%7B%22Statement%22%3A%5B%5D%7D") == ()


@pytest.mark.parametrize(
    ("text", "said_of_it"),
    [
        ("{", "it is not JSON"),
        ("[]", "no Statement"),
        ('{"Statement": [{}]}', "no Effect"),
        ('{"Statement": [{"Effect": "Deny", "Acton": "x"}]}', "unknown field Acton"),
        ('{"Statement": [{"Effect": "Deny", "Condition": {"Bool": "x"}}]}', "a Condition is no table"),
        ('{"Statement": [{"Effect": "Deny", "Condition": ["x"]}]}', "a Condition is no table"),
        ('{"Statement": ["x"]}', "no Effect"),
    ],
)
def test_what_is_no_policy_is_told(text: str, said_of_it: str) -> None:
    """A text that is no policy is told, not taken for one that allows nothing."""
    with pytest.raises(PolicyError, match=said_of_it):
        read_policy(text)
