"""Requests that are made up for accounts of rarer shapes, and what they come to: who, what, where, when.

They are decided by ``brute_force``; the contexts here are those that the rarer conditions tell apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.account.brute_force import OWN, STRANGER, Context, Document, decided, strangers
from tests.account.generated import ENDPOINT, ORGANISATION

NOW, LATER = "2026-12-01T00:00:00Z", "2998-01-01T00:00:00Z"
ARTIFACT = "artifacts/1/run/artifacts/model.pkl"


def everyone() -> Iterator[tuple[Context, Context]]:
    """Yield strangers, each with several sets of tags, kinds and organisations that they may have."""
    for who, own in strangers():
        yield who, own
        if who["kind"] == "AWS" and who["account"]:
            paths = {"aws:principalorgid": ORGANISATION, "aws:principalorgpaths": f"{ORGANISATION}/r-1/ou-1/"}
            yield who, {**own, **paths, "aws:principaltype": "AssumedRole", "aws:principaltag/team": "other"}
            yield who, {**own, "aws:principaltag/team": "models", "aws:principaltype": "AssumedRole"}
            yield who, {**own, "aws:userid": "AROA1STRANGERS2ROLE34:models", "aws:principaltype": "AssumedRole"}


def _wheres(*, perimeter: bool) -> list[Context]:
    """Return from where requests come; a declared endpoint is ours, so that nobody comes through it."""
    found: list[Context] = [{"aws:sourceip": "8.8.8.8"}]
    through = {"s3:dataaccesspointaccount": STRANGER, "aws:sourceip": "8.8.8.8"}
    found.append({**through, "s3:dataaccesspointarn": f"arn:aws:s3:eu-west-1:{STRANGER}:accesspoint/m"})
    found += [{"aws:sourcevpce": "vpce-0ffffffff"}] if perimeter else []
    assert all(each.get("aws:sourcevpce") != ENDPOINT for each in found)
    return found


def contexts(*, perimeter: bool) -> Iterator[Context]:
    """Yield what requests have beside who makes them."""
    own = {"aws:securetransport": "true", "aws:principalisawsservice": "false", "aws:viaawsservice": "false"}
    own |= {"aws:resourceaccount": OWN, "s3:existingobjecttag/public": "yes", "aws:tagkeys": "team"}
    for when, where in itertools.product((NOW, LATER), _wheres(perimeter=perimeter)):
        yield {**own, **where, "aws:currenttime": when, "s3:prefix": "artifacts/1"}
        yield {**{key: each for key, each in own.items() if "tag" not in key}, **where, "aws:currenttime": when}


def ways_in(document: Document, bucket: str, *, perimeter: bool) -> list[str]:
    """Return the requests of strangers that a bucket policy lets through."""
    objects = [f"arn:aws:s3:::{bucket}/{key}" for key in (ARTIFACT, "public/a", "other")]
    of_objects = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectAcl")
    of_bucket = ("s3:ListBucket", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:ListBucketVersions")
    asked = [*itertools.product(of_objects, objects), *((each, f"arn:aws:s3:::{bucket}") for each in of_bucket)]
    whole = itertools.product(everyone(), contexts(perimeter=perimeter), asked)
    return [
        f"{who['name'] or 'anybody'} {action} {resource} {dict(own)} {dict(context)}"
        for (who, own), context, (action, resource) in whole
        if decided(document, who, action, resource, {**own, **context})
    ]


def takers(document: Document, meant: Sequence[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
    """Return who takes on the role beside (provider's ARN, subject, audience) of whom is meant: principals, tokens."""
    people = [
        who["name"]
        for (who, own), context in itertools.product(_callers(), contexts(perimeter=False))
        if decided(document, who, "sts:AssumeRole", "*", {**own, **context})
    ]
    tokens = []
    for (arn, _, _), subject, audience in itertools.product(
        meant, SUBJECTS, ("sts.amazonaws.com", "STS.amazonaws.com", "vault")
    ):
        provider = arn.partition("oidc-provider/")[2].lower()
        token = {f"{provider}:sub": subject, f"{provider}:aud": audience}
        who = {"kind": "Federated", "name": arn, "account": ""}
        lets = decided(document, who, "sts:AssumeRoleWithWebIdentity", "*", token)
        is_meant = (arn, subject, audience) in meant
        if lets is not is_meant:
            tokens.append(f"{subject} for {audience}{' is kept out' if is_meant else ''}")
    return people, tokens


SUBJECTS = (
    *("system:serviceaccount:mlflow:mlflow", "system:serviceaccount:mlflow:other", "system:serviceaccount:ci:mlflow"),
    *("SYSTEM:serviceaccount:mlflow:mlflow", "repo:acme/registry:ref:refs/heads/main", "repo:acme/registry:pull"),
    *("REPO:acme/registry:ref:refs/heads/main", "repo:acme/other:x", "repo:evil/other:x", "somebody"),
)


def _callers() -> Iterator[tuple[Context, Context]]:
    for who, own in everyone():
        if who["account"]:
            yield who, own
    inside = f"arn:aws:iam::{OWN}:role/somebody"
    named = {"aws:principalaccount": OWN, "aws:principalarn": inside, "aws:principaltype": "AssumedRole"}
    yield {"kind": "AWS", "name": inside, "account": OWN}, named


def rights(document: Document, role: str, bucket: str) -> tuple[list[str], list[str], list[str]]:
    """Return what a role may do beyond its needs in its place, elsewhere, and which of its needs it may not do."""
    inside, place = f"arn:aws:s3:::{bucket}/{ARTIFACT}", f"arn:aws:s3:::{bucket}"
    who = {"kind": "AWS", "name": role, "account": OWN}
    context = {"aws:principalaccount": OWN, "aws:principalarn": role, "aws:securetransport": "true"}
    context |= {"aws:currenttime": NOW, "aws:principalisawsservice": "false", "aws:sourcevpce": ENDPOINT}
    context |= {"aws:resourceaccount": OWN, "aws:principalorgid": ORGANISATION}
    may = {(a, r) for a in (*NEEDED, *MORE) for r in (inside, place, *ELSEWHERE) if _may(document, who, a, r, context)}
    of_objects = {(action, inside) for action in NEEDED[:5]}
    needed = of_objects | {(action, place) for action in NEEDED[5:]}
    more = [f"{action} on {where}" for action, where in may if action in MORE and where in {inside, place}]
    elsewhere = [f"{action} on {where}" for action, where in may if action in NEEDED and where in ELSEWHERE]
    return more, elsewhere, [action for action, where in needed - may]


NEEDED = (
    *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
    *("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"),
)
MORE = ("s3:DeleteObjectVersion", "s3:PutBucketPolicy", "s3:PutObjectAcl", "s3:DeleteBucket")
ELSEWHERE = ("arn:aws:s3:::other/artifacts/a", "arn:aws:s3:::hokusai-mlflow-artifacts-staging/logs/a")


def _may(document: Document, who: Context, action: str, resource: str, context: Context) -> bool:
    return decided(document, who, action, resource, context)


def replaced(rules: Sequence[dict[str, Any]], days: int) -> list[str]:
    """Return what becomes of a version that was replaced on a day: gone before its days, or there long after them."""
    told = []
    for key, tags in itertools.product((ARTIFACT, "artifacts/7/a"), ({}, {"kind": "tmp"})):
        gone = [
            int(each["noncurrent_days"])
            for rule in rules
            if rule["status"] == "Enabled" and _is_for(rule, key, tags)
            for each in rule.get("noncurrent_version_expiration") or ()
            if not each.get("newer_noncurrent_versions")
        ]
        ends = date(2026, 1, 1) + timedelta(days=min(gone, default=100_000))
        told += [f"{key} {ends}"] if ends != date(2026, 1, 1) + timedelta(days=days) else []
    return told


def _is_for(rule: dict[str, Any], key: str, tags: dict[str, str]) -> bool:
    given = (rule.get("filter") or [{}])[0]
    both = (given.get("and") or [{}])[0]
    prefix = given.get("prefix") or both.get("prefix") or ""
    return key.startswith(prefix) and all(tags.get(name) == each for name, each in (both.get("tags") or {}).items())
