"""What takes artifacts out of a bucket, told the same whether it is asked or planned."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from registry_conformance.judge.account.patterns import account_of, covers
from registry_conformance.judge.account.state import ANYBODY, Outlet

_SCOPE = re.compile(r"s3://([^/*]*)(?:/([^*]*))?\*?")
"""What a grant is for: objects whose keys begin so."""


def backup_copy(plan: str, vault: str) -> Outlet:
    """Return the vault that a backup plan copies backups of a bucket to."""
    return Outlet(f"the backup plan {plan}", vault, account_of(vault))


def is_backed_up(bucket: str, named: Collection[str], spared: Iterable[str], *, by_tags: bool) -> bool:
    """Return whether a selection of AWS Backup has a bucket in it, or may: what is selected by tags may be any."""
    if any(covers(each, bucket) for each in spared):
        return False
    return any(covers(each, bucket) for each in named) or by_tags or not named


def access_grant(name: str, kind: str, who: str, scope: str, bucket: str) -> Outlet | None:
    """Return whom an access grant of S3 gives objects of a bucket; ``None`` for people of the own directory."""
    found = _SCOPE.fullmatch(scope or "s3://")
    if kind != "IAM" or found is None or found[1] not in {"", bucket}:
        return None
    prefix = (found[2] or "") if found[1] else ""
    return Outlet(f"the access grant {name}", who, account_of(who), "lets in", "declare whose", prefix)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a distribution of CloudFront has its files from. ``signs`` is whether S3 knows it for the distribution."""

    name: str
    domain: str
    path: str = ""
    signs: bool = True


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a distribution answers with: which origin, for signed requests alone, perhaps refused by a function."""

    origin: str
    is_signed: bool = False
    has_function: bool = False


def given_out(
    distribution: str, origins: Iterable[Origin], behaviours: Iterable[Behaviour], bucket: str
) -> list[Outlet]:
    """Return how a distribution of CloudFront gives objects of a bucket to whoever asks.

    An origin without an identity of CloudFront's is asked as by anybody: what is given out then is the bucket policy's.
    """
    own = {each.name: each.path.strip("/") for each in origins if each.signs and _is_in(each.domain, bucket)}
    return [
        Outlet(
            f"the CloudFront distribution {distribution}",
            "whoever asks",
            "" if each.has_function else ANYBODY,
            "gives them to",
            "a function of it may refuse some",
            f"{own[each.origin]}/".lstrip("/"),
        )
        for each in behaviours
        if each.origin in own and not each.is_signed
    ]


def _is_in(domain: str, bucket: str) -> bool:
    """Return whether a domain is that of a bucket in S3."""
    return re.match(rf"{re.escape(bucket)}\.s3[.-]", domain) is not None
