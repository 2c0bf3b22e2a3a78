"""Accounts that keep every promise in another way than the promised one: each of them is green."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import rights, tls_only, trust
from registry_conformance.judge.account.required_rights import ON_BUCKET, ON_OBJECTS
from registry_conformance.judge.account.state import Encryption, LifecycleRule, State
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import Change, in_bucket, in_role

_GONE = LifecycleRule("gone", noncurrent_days=90, abort_days=7)


def _rules(*rules: LifecycleRule) -> Change:
    return in_bucket(lifecycle=Known(rules))


def _policy(make: Callable[[Declared], list[Statement]]) -> Change:
    return in_bucket(policy=lambda declared: Known(tuple(make(declared))))


def _allows(principal: str, *conditions: Condition) -> Change:
    """Return the change that has the bucket policy allow reading, beside what is promised."""
    return _policy(
        lambda declared: [
            tls_only(declared),
            Statement(
                actions=("s3:GetObject",),
                resources=(declared.objects_arn,),
                principals=(principal.replace("ROLE", declared.role).replace("OWNER", declared.owner),),
                conditions=tuple(_of_owner(each, declared.owner) for each in conditions),
            ),
        ]
    )


def _of_owner(condition: Condition, owner: str) -> Condition:
    operator, key, wanted = condition
    return (operator, key, tuple(each.replace("OWNER", owner) for each in wanted))


def _denies(action: str, *conditions: Condition) -> Change:
    """Return the change that has the bucket policy deny everyone an action under conditions."""
    return _policy(
        lambda declared: [
            tls_only(declared),
            Statement("Deny", (action,), (), (f"{declared.bucket_arn}/*",), (), ("*",), (), conditions),
        ]
    )


def _tls(**fields: object) -> Change:
    return _policy(lambda declared: [replace(tls_only(declared), **fields)])  # type: ignore[arg-type]  # a row's


def _may(make: Callable[[Declared], list[Statement]], boundary: Statement | None = None) -> Change:
    bound = {"boundary": Known((boundary,))} if boundary else {}
    return in_role(statements=lambda declared: Known(tuple(make(declared))), **bound)


def _under(condition: Condition) -> Callable[[Declared], list[Statement]]:
    return lambda declared: [replace(each, conditions=(condition,)) for each in rights(declared)]


def _lists_the_prefix_alone(declared: Declared) -> list[Statement]:
    objects, *_ = rights(declared)
    listing = Statement(
        actions=("s3:ListBucket",),
        resources=(declared.bucket_arn,),
        conditions=(("StringLike", "s3:prefix", (f"{declared.prefix}/*",)),),
    )
    return [objects, listing, Statement(actions=ON_BUCKET[1:], resources=(declared.bucket_arn,))]


def _cut_down(declared: Declared) -> list[Statement]:
    everything = Statement(actions=("s3:*",), resources=(declared.bucket_arn, declared.objects_arn))
    return [everything, Statement("Deny", not_actions=(*ON_OBJECTS, *ON_BUCKET), resources=("*",))]


def _without_reading(statement: Statement) -> Statement:
    return replace(statement, actions=tuple(each for each in statement.actions if each != "s3:GetObject"))


def _in_small_letters(statement: Statement) -> Statement:
    return replace(statement, actions=tuple(action.lower() for action in statement.actions))


def _reads_by_the_bucket_policy(state: State, declared: Declared) -> State:
    fewer = [_without_reading(each) for each in rights(declared)]
    given = _allows("AWS:ROLE")(state, declared)
    return in_role(statements=Known(tuple(fewer)))(given, declared)


_HEADER = "s3:x-amz-server-side-encryption"
VARIANTS: Mapping[str, Change] = {
    "one rule for all that goes": _rules(replace(_GONE, prefix="artifacts/")),
    "a rule for keys that begin alike": _rules(replace(_GONE, prefix="artifacts")),
    "an expiry beside the prefix": _rules(_GONE, LifecycleRule("logs", prefix="logs/", expires="after 7 days")),
    "an expiry under a longer name": _rules(
        _GONE, LifecycleRule("before", prefix="artifacts-before/", expires="after 7 days")
    ),
    "an expiry that is disabled": _rules(_GONE, LifecycleRule("tidy", enabled=False, expires="after 30 days")),
    "a move to where objects are read at once": _rules(
        replace(_GONE, moves=(("STANDARD_IA", "after 30 days"), ("GLACIER_IR", "after 90 days")))
    ),
    "an early end of unfinished uploads": _rules(replace(_GONE, abort_days=1)),
    "a later end of some replaced versions": _rules(
        _GONE, LifecycleRule("later", prefix="artifacts/1/", noncurrent_days=365)
    ),
    "TLS by IfExists": _tls(conditions=(("BoolIfExists", "aws:SecureTransport", ("false",)),)),
    "TLS by a key in small letters": _tls(conditions=(("Bool", "aws:securetransport", ("false",)),)),
    "TLS of whoever is no service of AWS": _tls(
        conditions=(
            ("Bool", "aws:PrincipalIsAWSService", ("false",)),
            ("Bool", "aws:SecureTransport", ("false",)),
        )
    ),
    "TLS on everything": _tls(actions=("*",), resources=("*",)),
    "TLS in two statements": _policy(
        lambda declared: [replace(tls_only(declared), resources=(each,)) for each in tls_only(declared).resources]
    ),
    "the account let in": _allows("AWS:arn:aws:iam::OWNER:root"),
    "the role let in": _allows("AWS:ROLE"),
    "a service let in for the account": _allows(
        "Service:cloudtrail.amazonaws.com", ("StringEquals", "aws:SourceAccount", ("OWNER",))
    ),
    "everyone of the account let in": _allows("*", ("StringEquals", "aws:PrincipalAccount", ("OWNER",))),
    "roles of the account let in": _allows("*", ("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::OWNER:role/*",))),
    "everyone let in and strangers refused": _policy(
        lambda declared: [
            tls_only(declared),
            Statement(actions=("s3:GetObject",), resources=(declared.objects_arn,), principals=("*",)),
            Statement(
                "Deny",
                ("s3:*",),
                resources=(f"{declared.bucket_arn}/*",),
                principals=("*",),
                conditions=(("StringNotEquals", "aws:PrincipalAccount", (declared.owner,)),),
            ),
        ]
    ),
    "old TLS refused": _denies("s3:*", ("NumericLessThan", "s3:TlsVersion", ("1.2",))),
    "another encryption refused where one is named": _denies(
        "s3:PutObject", ("Null", _HEADER, ("false",)), ("StringNotEquals", _HEADER, ("AES256",))
    ),
    "a public ACL refused": _denies("s3:PutObject", ("StringEquals", "s3:x-amz-acl", ("public-read",))),
    "another region refused": _denies("s3:*", ("StringNotEquals", "aws:RequestedRegion", ("eu-west-1",))),
    "a right for each action": _may(
        lambda declared: [replace(each, actions=(a,)) for each in rights(declared) for a in each.actions]
    ),
    "actions in small letters": _may(lambda declared: [_in_small_letters(each) for each in rights(declared)]),
    "rights over TLS": _may(_under(("Bool", "aws:SecureTransport", ("true",)))),
    "rights in the account": _may(_under(("StringEquals", "aws:ResourceAccount", ("${aws:PrincipalAccount}",)))),
    "a listing of the prefix alone": _may(_lists_the_prefix_alone),
    "more denied than is allowed": _may(
        lambda declared: [*rights(declared), Statement("Deny", ("s3:DeleteBucket*",), resources=("*",))]
    ),
    "everything, cut down to what is needed": _may(_cut_down),
    "a boundary around": _may(lambda declared: list(rights(declared)), Statement(actions=("s3:*",), resources=("*",))),
    "everything, in a boundary of what is needed": _may(
        lambda declared: [Statement(actions=("s3:*",), resources=(declared.bucket_arn, declared.objects_arn))],
        Statement(actions=(*ON_OBJECTS, *ON_BUCKET), resources=("*",)),
    ),
    "reading by the bucket policy": _reads_by_the_bucket_policy,
    "trust of the account's own tasks": in_role(
        trust=lambda declared: Known(
            tuple(
                replace(each, conditions=(("StringEquals", "aws:SourceAccount", (declared.owner,)),))
                for each in trust(declared)
            )
        )
    ),
    "log lines for ever": lambda state, declared: replace(
        state, log_groups=dict.fromkeys(declared.log_groups, Known(0))
    ),
    "log lines for longer": lambda state, declared: replace(
        state, log_groups=dict.fromkeys(declared.log_groups, Known(365))
    ),
}
KMS_VARIANTS: Mapping[str, Change] = {
    "the key by its id": in_bucket(
        encryption=lambda declared: Known(
            Encryption("aws:kms", Known(declared.kms_key.rpartition("/")[2]), bucket_key=True)
        )
    ),
    "the key through S3 alone": _may(
        lambda declared: [
            replace(each, conditions=(("StringEquals", "kms:ViaService", (f"s3.{declared.region}.amazonaws.com",)),))
            if each.resources == (declared.kms_key,)
            else each
            for each in rights(declared)
        ]
    ),
}
