"""What requests come to on the documents of an account, one by one: who, what, where, from where.

It shares no code with the rules that it is held against: it reads JSON documents, makes up requests, and decides each
as the documentation of IAM says; what a request lacks is not there. It knows no pattern that stands for requests.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

OWN, STRANGER, THIRD, ALIKE = "123456789012", "999999999999", "111111111111", "123456789013"
Document = Mapping[str, Any]
Context = Mapping[str, str]


def listed(value: Any) -> list[str]:
    """Return one or several values as a list of texts."""
    if value is None:
        return []
    found = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in found]


@functools.cache
def alike(text: str, pattern: str) -> bool:
    """Return whether a text matches a pattern with ``*`` and ``?``."""
    pieces = re.split(r"([*?])", pattern)
    whole = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pieces)
    return re.match(f"(?s:{whole})\\Z", text) is not None


def compare(operator: str, value: str, wanted: str) -> bool:
    """Return what one operator, without its prefix and its Not, says of one value; dates are of one spelling."""
    if operator in {"StringLike", "ArnLike", "ArnEquals"}:
        return alike(value, wanted)
    if operator in {"Bool", "StringEqualsIgnoreCase"}:
        return value.casefold() == wanted.casefold()
    if operator == "IpAddress":
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted)
    if operator == "NumericLessThan":
        return float(value) < float(wanted)
    if operator in {"DateLessThan", "DateGreaterThan"}:
        return value < wanted if operator == "DateLessThan" else value > wanted
    assert operator == "StringEquals", f"no such operator is generated: {operator}"
    return value == wanted


def filled_in(text: str, context: Context) -> str:
    """Return a text with what its variables stand for in a request; what the request lacks matches nothing."""
    if "${" not in text:
        return text
    return re.sub(r"\$\{([^}]*)\}", lambda found: context.get(found[1].lower(), "\0"), text)


def meets(operator: str, wanted: list[str], value: str | None) -> bool:
    """Return whether one condition holds on a key that has one value, or is not there."""
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (value is None) == (wanted == ["true"])
    exists_only = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    if value is None:
        return exists_only or quantifier == "ForAllValues" or (negated and quantifier == "")
    any_of = any(compare(name.replace("Not", ""), value, each) for each in wanted)
    return any_of != negated


def principal_is(statement: Document, who: Context) -> bool:
    """Return whether a statement is about somebody."""
    if "NotPrincipal" in statement:
        return not _one_of(statement["NotPrincipal"], who)
    return _one_of(statement.get("Principal", "*"), who)


def _one_of(named: Any, who: Context) -> bool:
    if named == "*":
        return True
    for kind, names in named.items():
        for name in listed(names):
            if name == "*" or (kind == who["kind"] and name == who["name"]):
                return True
            if kind == "AWS" and who["kind"] == "AWS" and who["account"] and name in _accounts(who["account"]):
                return True
    return False


def _accounts(number: str) -> set[str]:
    return {number, f"arn:aws:iam::{number}:root"}


def is_about(statement: Document, element: str, name: str, spelled: Callable[[str], str]) -> bool:
    """Return whether an action or a resource is among those that a statement names, or names not."""
    if f"Not{element}" in statement:
        return not any(alike(name, spelled(each)) for each in listed(statement[f"Not{element}"]))
    return element not in statement or any(alike(name, spelled(each)) for each in listed(statement[element]))


def decided(document: Document, who: Context, action: str, resource: str, context: Context) -> bool:
    """Return whether a policy by itself allows a request."""
    said = set()
    for statement in document["Statement"]:
        about = (
            principal_is(statement, who)
            and is_about(statement, "Action", action.lower(), str.lower)
            and is_about(statement, "Resource", resource, lambda each: filled_in(each, context))
        )
        if about and holds(statement, context):
            said.add(statement["Effect"])
    return "Allow" in said and "Deny" not in said


def holds(statement: Document, context: Context) -> bool:
    """Return whether every condition of a statement is met."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            wanted = [filled_in(each, context) for each in listed(values)]
            if not meets(operator, wanted, context.get(key.lower())):
                return False
    return True


def strangers() -> Iterator[tuple[Context, Context]]:
    """Yield who comes from outside, with what their requests have by themselves."""
    yield {"kind": "nobody", "name": "", "account": ""}, {}
    named = itertools.product((STRANGER, THIRD), ("role/reader", "role/deployer", "user/r", "role/123456789012"))
    for account, name in (*named, (ALIKE, "role/reader")):
        arn = f"arn:aws:iam::{account}:{name}"
        yield (
            {"kind": "AWS", "name": arn, "account": account},
            {"aws:principalaccount": account, "aws:principalarn": arn},
        )
        of_organisation = {"aws:principalorgid": "o-a1b2c3d4e5"}
        own = {"aws:principalaccount": account, "aws:principalarn": arn, "aws:principaltag/team": "models"}
        yield {"kind": "AWS", "name": arn, "account": account}, own | of_organisation
    content = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"
    yield {"kind": "AWS", "name": content, "account": ""}, {"aws:principalarn": content}


def places(*, perimeter: bool) -> Iterator[Context]:
    """Yield from where strangers' requests come; without a declared perimeter, from the Internet's addresses alone."""
    yield {"aws:sourceip": "192.0.2.55", "aws:securetransport": "true"}
    yield {"aws:sourceip": "192.0.2.55", "aws:securetransport": "true", "kms:viaservice": "s3.eu-west-1.amazonaws.com"}
    yield {"aws:sourceip": "8.8.8.8", "aws:securetransport": "true", "aws:referer": "https://models.example/a"}
    through = {"s3:dataaccesspointaccount": STRANGER}
    arn = f"arn:aws:s3:eu-west-1:{STRANGER}:accesspoint/models"
    yield {"aws:sourceip": "192.0.2.55", "aws:securetransport": "true", "s3:dataaccesspointarn": arn, **through}
    if perimeter:
        yield {"aws:sourceip": "198.51.100.7", "aws:securetransport": "true"}
        yield {"aws:sourcevpce": "vpce-0ffffffff", "aws:securetransport": "true"}


def ways_in(document: Document, bucket: str, *, perimeter: bool) -> list[str]:
    """Return each request of a stranger that a bucket policy, or a key's, lets through."""
    objects = [f"arn:aws:s3:::{bucket}/{key}" for key in ("artifacts/1/run/artifacts/model.pkl", "other.txt")]
    asked = [(action, each) for action in ("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl") for each in objects]
    asked += [("s3:ListBucket", f"arn:aws:s3:::{bucket}"), ("s3:PutBucketPolicy", f"arn:aws:s3:::{bucket}")]
    asked += [("kms:Decrypt", "*")]
    return [
        f"{who['name'] or 'anybody'} {action} {resource} {dict(place)}"
        for (who, own), place, (action, resource) in itertools.product(strangers(), places(perimeter=perimeter), asked)
        if decided(document, who, action, resource, {**own, **place, "aws:principalisawsservice": "false"})
    ]


def lent(document: Document, bucket: str) -> list[str]:
    """Return each request that a service of AWS makes for another account, and that a bucket policy lets through."""
    found = []
    for service, arn in (
        ("cloudfront.amazonaws.com", f"arn:aws:cloudfront::{STRANGER}:distribution/E2"),
        ("logging.s3.amazonaws.com", "arn:aws:s3:::theirs"),
    ):
        who = {"kind": "Service", "name": service, "account": ""}
        context = {"aws:sourceaccount": STRANGER, "aws:sourcearn": arn, "aws:principalisawsservice": "true"}
        whole = {**context, "aws:principalservicename": service, "aws:securetransport": "true"}
        resource = f"arn:aws:s3:::{bucket}/artifacts/1/run/artifacts/model.pkl"
        for action in ("s3:GetObject", "s3:PutObject"):
            if decided(document, who, action, resource, whole):
                found.append(f"{service} {action} for {arn}")
    return found


def by_access_point(document: Document, arn: str) -> list[str]:
    """Return each request of a stranger that the policy of an access point lets through."""
    through = {"s3:dataaccesspointaccount": OWN, "s3:dataaccesspointarn": arn, "aws:securetransport": "true"}
    return [
        who["name"] or "anybody"
        for who, own in strangers()
        if decided(document, who, "s3:GetObject", f"{arn}/object/artifacts/1/a", {**own, **through})
    ]


def deletes(document: Document, bucket: str) -> list[str]:
    """Return each model that whoever has a role's policy may delete."""
    who = {"kind": "AWS", "name": "arn:aws:iam::123456789012:role/tidy-up", "account": OWN}
    keys = ("artifacts/1/run/artifacts/model.pkl", "artifacts/7/a")
    actions = ("s3:DeleteObject", "s3:DeleteObjectVersion")
    return [
        f"{action} {key}"
        for key, action in itertools.product(keys, actions)
        if decided(document, who, action, f"arn:aws:s3:::{bucket}/{key}", {})
    ]


def takers(document: Document, provider: str, arn: str, *, meant: set[tuple[str, str]]) -> list[str]:
    """Return who takes on a role by its trust policy beside those that are meant, as (subject, audience) of tokens."""
    subjects = (
        "system:serviceaccount:mlflow:mlflow",
        "system:serviceaccount:mlflow:other",
        "system:serviceaccount:mxflow:mlflow",
        "system:serviceaccount:ci:mlflow",
        "system:serviceaccount:default:default",
        "system:node:n1",
        "repo:acme/registry:ref:refs/heads/main",
        "repo:acme/other:pull_request",
        "somebody",
    )
    found = []
    for subject, audience in itertools.product(subjects, ("sts.amazonaws.com", "sts.example", "vault")):
        token = {f"{provider}:sub".lower(): subject, f"{provider}:aud".lower(): audience}
        who = {"kind": "Federated", "name": arn, "account": ""}
        lets = decided(document, who, "sts:AssumeRoleWithWebIdentity", "*", token)
        if lets and (subject, audience) not in meant:
            found.append(f"{subject} for {audience}")
    others = [*strangers()]
    inside = f"arn:aws:iam::{OWN}:role/somebody"
    others.append(
        (
            {"kind": "AWS", "name": inside, "account": OWN},
            {"aws:principalaccount": OWN, "aws:principalarn": inside},
        )
    )
    found += [
        caller["name"]
        for caller, own in others
        if caller["kind"] == "AWS" and decided(document, caller, "sts:AssumeRole", "*", own)
    ]
    return found


def losses(rules: Iterable[Document], tiering: Iterable[Document]) -> list[str]:
    """Return what becomes of models that nobody touches for ten years from 2026 on: gone, or archived."""
    begun = date(2026, 1, 1)
    found = []
    tagged_or_not: tuple[Context, ...] = ({}, {"kind": "tmp"})
    for key, tags in itertools.product(("artifacts/1/run/artifacts/model.pkl", "artifacts/7/a"), tagged_or_not):
        for rule in rules:
            given = (rule.get("filter") or [{}])[0]
            both = (given.get("and") or [{}])[0]
            prefix = given.get("prefix") or both.get("prefix") or ""
            tagged = all(tags.get(name) == value for name, value in (both.get("tags") or {}).items())
            if rule["status"] != "Enabled" or not key.startswith(prefix) or not tagged:
                continue
            found += [f"{key} is gone" for each in rule.get("expiration") or () if _comes(each, begun)]
            found += [
                f"{key} is archived"
                for each in rule.get("transition") or ()
                if each["storage_class"] in {"GLACIER", "DEEP_ARCHIVE"} and _comes(each, begun)
            ]
        for each in tiering:
            prefix = (each.get("filter") or [{}])[0].get("prefix") or ""
            found += [f"{key} is archived"] if key.startswith(prefix) and each["tiering"] else []
    return found


def _comes(moment: Document, begun: date) -> bool:
    """Return whether a moment of a rule comes within ten years."""
    ends = begun + timedelta(days=3652)
    if moment.get("days"):
        return begun + timedelta(days=int(moment["days"])) <= ends
    return bool(moment.get("date")) and date.fromisoformat(moment["date"][:10]) <= ends
