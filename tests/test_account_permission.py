"""What statements allow: decided as IAM decides it, and told apart from what cannot be judged."""

from __future__ import annotations

import pytest

from registry_conformance.judge.account.grants import Grant, grants
from registry_conformance.judge.account.patterns import covers
from registry_conformance.judge.account.permission import Decision, Request, decide
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


def said(*statements: Statement, action: str = "s3:GetObject") -> Decision:
    """Return what statements say to a request of the server's role."""
    return decide(statements, Request(action, HERE, ROLE, FACTS))


@pytest.mark.parametrize(
    ("statement", "decision"),
    [
        (READ, Decision.ALLOWED),
        (Statement(actions=("S3:getobject",), resources=("*",)), Decision.ALLOWED),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::b/artifacts/?/*",)), Decision.ALLOWED),
        (Statement(actions=("s3:PutObject",), resources=("*",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::b",)), Decision.NOT_ALLOWED),
        (Statement(not_actions=("s3:Delete*",), resources=("*",)), Decision.ALLOWED),
        (Statement(not_actions=("s3:Get*",), resources=("*",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), not_resources=("arn:aws:s3:::b/artifacts/*",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=(f"AWS:{ROLE}",)), Decision.ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=("AWS:123456789012",)), Decision.ALLOWED),
        (
            Statement(actions=("s3:*",), resources=("*",), principals=("AWS:arn:aws:iam::123456789012:root",)),
            Decision.ALLOWED,
        ),
        (Statement(actions=("s3:*",), resources=("*",), principals=("AWS:999999999999",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), not_principals=(f"AWS:{ROLE}",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=("*",)), Decision.ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=(f"AWS:{ROLE}-before",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:*",), resources=("*",), principals=(f"AWS:{SESSION}",)), Decision.DEPENDS),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::b/Artifacts/*",)), Decision.NOT_ALLOWED),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::${aws:PrincipalTag/b}/*",)), Decision.DEPENDS),
        (Statement(actions=("s3:Get*",), resources=("arn:aws:s3:::b/${aws:username}/*", "*")), Decision.ALLOWED),
        (Statement("Deny", ("s3:*",), not_resources=("arn:aws:s3:::b/*",)), Decision.NOT_ALLOWED),
        (Statement("Deny", not_actions=("s3:Get*",), resources=("*",)), Decision.NOT_ALLOWED),
        (Statement("Deny", not_actions=("s3:Put*",), resources=("*",)), Decision.DENIED),
        (Statement("Deny", ("*",), resources=("*",), not_principals=("AWS:123456789012",)), Decision.DENIED),
        (Statement("Deny", ("*",), resources=("*",), not_principals=(f"AWS:{ROLE}",)), Decision.DEPENDS),
    ],
)
def test_one_statement(statement: Statement, decision: Decision) -> None:
    """A statement allows what it names, by patterns, negations and principals."""
    assert said(statement) is decision


@pytest.mark.parametrize(
    ("operator", "key", "values", "decision"),
    [
        ("Bool", "aws:SecureTransport", ("true",), Decision.ALLOWED),
        ("Bool", "aws:SecureTransport", ("false",), Decision.NOT_ALLOWED),
        ("StringLike", "s3:prefix", ("artifacts/*",), Decision.ALLOWED),
        ("StringEquals", "s3:prefix", ("artifacts",), Decision.NOT_ALLOWED),
        ("StringNotEquals", "s3:x-amz-server-side-encryption", ("AES256",), Decision.ALLOWED),
        ("StringEquals", "s3:x-amz-server-side-encryption", ("AES256",), Decision.NOT_ALLOWED),
        ("StringEqualsIfExists", "s3:x-amz-server-side-encryption", ("AES256",), Decision.ALLOWED),
        ("Null", "s3:x-amz-server-side-encryption", ("true",), Decision.ALLOWED),
        ("Null", "s3:x-amz-server-side-encryption", ("false",), Decision.NOT_ALLOWED),
        ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",), Decision.DEPENDS),
        ("StringEquals", "aws:SourceVpce", ("vpce-1",), Decision.DEPENDS),
        ("NumericLessThan", "s3:signatureage", ("600000",), Decision.DEPENDS),
        ("NumericLessThan", "s3:TlsVersion", ("1.2",), Decision.NOT_ALLOWED),
        ("NumericLessThan", "s3:TlsVersion", ("1.3",), Decision.DEPENDS),
        ("NumericGreaterThanEquals", "s3:TlsVersion", ("1.2",), Decision.ALLOWED),
        ("NumericLessThan", "s3:TlsVersion", ("none",), Decision.DEPENDS),
        ("StringEquals", "s3:authType", ("REST-HEADER",), Decision.DEPENDS),
        ("StringLike", "s3:prefix", ("${s3:prefix}*",), Decision.ALLOWED),
        ("StringLike", "s3:prefix", ("${aws:username}/*",), Decision.DEPENDS),
        ("ForAnyValue:StringEquals", "s3:x-amz-server-side-encryption", ("AES256",), Decision.NOT_ALLOWED),
        ("ForAllValues:StringEquals", "s3:x-amz-server-side-encryption", ("AES256",), Decision.ALLOWED),
        ("ForAllValues:StringLike", "aws:tags", ("a*", "b*"), Decision.ALLOWED),
        ("ForAllValues:StringLike", "aws:tags", ("a*",), Decision.NOT_ALLOWED),
        ("ForAnyValue:StringLike", "aws:tags", ("a*",), Decision.ALLOWED),
        ("BinaryEquals", "s3:prefix", ("YXI=",), Decision.DEPENDS),
    ],
)
def test_conditions(operator: str, key: str, values: tuple[str, ...], decision: Decision) -> None:
    """A condition is decided on what is known of the server's requests; on nothing else is anything said."""
    statement = Statement(actions=("s3:*",), resources=("*",), conditions=((operator, key, values),))
    assert said(statement) is decision


def test_denial_outranks() -> None:
    """A denial outranks what is allowed; one under an unknown condition leaves it open."""
    denial = Statement("Deny", ("s3:*",), resources=("*",))
    perhaps = Statement("Deny", ("s3:*",), resources=("*",), conditions=(("Bool", "aws:ViaAWSService", ("true",)),))

    assert said(READ, denial) is Decision.DENIED
    assert said(READ, perhaps) is Decision.DEPENDS
    assert said(denial) is Decision.DENIED


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
