"""The bucket, read with one ``Get`` for each setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.state import (
    DAYS_A_YEAR,
    FLAGS,
    BucketState,
    Encryption,
    LifecycleRule,
    ObjectLock,
    Replica,
    Tiering,
)
from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.target.account import Declared

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_GONE = "NoSuchBucket"
_MOST_PAGES = 20
"""S3 keeps a thousand archive configurations of a bucket at most, a hundred a page."""


def observe_bucket(s3: S3Client, declared: Declared) -> Fact[BucketState]:
    """Return the bucket; absent if its location cannot be found."""
    name = declared.bucket
    region = ask(lambda: s3.get_bucket_location(Bucket=name), _region, _GONE)
    if isinstance(region, Absent):
        return Absent()
    return Known(
        BucketState(
            name=name,
            region=region,
            account=_account(s3, declared, region),
            versioning=_present(
                ask(lambda: s3.get_bucket_versioning(Bucket=name), lambda said: said.get("Status", ""))
            ),
            encryption=ask(
                lambda: s3.get_bucket_encryption(Bucket=name),
                _encryption,
                "ServerSideEncryptionConfigurationNotFoundError",
            ),
            public_access=ask(
                lambda: s3.get_public_access_block(Bucket=name), _flags, "NoSuchPublicAccessBlockConfiguration"
            ),
            policy=ask(
                lambda: s3.get_bucket_policy(Bucket=name),
                lambda said: read_policy(said["Policy"], "the bucket policy"),
                "NoSuchBucketPolicy",
            ),
            ownership=ask(
                lambda: s3.get_bucket_ownership_controls(Bucket=name),
                lambda said: str(said["OwnershipControls"]["Rules"][0]["ObjectOwnership"]),
                "OwnershipControlsNotFoundError",
            ),
            grants=ask(lambda: s3.get_bucket_acl(Bucket=name), _grants),
            lifecycle=ask(
                lambda: s3.get_bucket_lifecycle_configuration(Bucket=name),
                _lifecycle,
                "NoSuchLifecycleConfiguration",
            ),
            access_log=_present(ask(lambda: s3.get_bucket_logging(Bucket=name), _access_log)),
            mfa_delete=ask(
                lambda: s3.get_bucket_versioning(Bucket=name), lambda said: said.get("MFADelete") == "Enabled"
            ),
            **_keeping(s3, declared),
        )
    )


def _keeping(s3: S3Client, declared: Declared) -> dict[str, Any]:
    """Return the settings that make objects unreadable, undeletable or someone else's."""
    name = declared.bucket
    lock = ask(
        lambda: s3.get_object_lock_configuration(Bucket=name), _object_lock, "ObjectLockConfigurationNotFoundError"
    )
    replication = ask(
        lambda: s3.get_bucket_replication(Bucket=name),
        lambda said: _replication(s3, said, declared),
        "ReplicationConfigurationNotFoundError",
    )
    return {
        "payer": ask(lambda: s3.get_bucket_request_payment(Bucket=name), lambda said: said.get("Payer", "BucketOwner")),
        "object_lock": lock,
        "replication": Known(()) if isinstance(replication, Absent) else replication,
        "tiering": ask(lambda: _tierings(s3, name), _tiering),
    }


def _object_lock(said: Mapping[str, Any]) -> ObjectLock:
    found = said["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    return ObjectLock(found.get("Mode", ""), found.get("Days") or found.get("Years", 0) * DAYS_A_YEAR)


def _replication(s3: S3Client, said: Mapping[str, Any], declared: Declared) -> tuple[Replica, ...]:
    into = [each["Destination"] for each in said["ReplicationConfiguration"]["Rules"] if each["Status"] == "Enabled"]
    return tuple(_replica(s3, each, declared) for each in into)


def _replica(s3: S3Client, into: Mapping[str, Any], declared: Declared) -> Replica:
    """Return the destination of a replication rule; the declared owner's if S3 finds the bucket for it."""
    name, owner = into["Bucket"].rpartition(":")[2], declared.owner
    if into.get("Account") or not owner:
        return Replica(name, into.get("Account", ""))
    own = ask(lambda: s3.get_bucket_location(Bucket=name, ExpectedBucketOwner=owner), lambda _: owner)
    return Replica(name, own.value if isinstance(own, Known) else "")


def _tierings(s3: S3Client, name: str) -> dict[str, Any]:
    """Return all pages of the archive configurations, a hundred a page."""
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: list[Any] = []
    place: dict[str, Any] = {}
    for _ in range(_MOST_PAGES):
        said = s3.list_bucket_intelligent_tiering_configurations(Bucket=name, **place)
        found += said.get("IntelligentTieringConfigurationList", ())
        if not said.get("IsTruncated"):
            return {"IntelligentTieringConfigurationList": found}
        place = {"ContinuationToken": said["NextContinuationToken"]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of archive configurations")


def _tiering(said: Mapping[str, Any]) -> tuple[Tiering, ...]:
    return tuple(_archives(each) for each in said.get("IntelligentTieringConfigurationList", ()))


def _archives(raw: Mapping[str, Any]) -> Tiering:
    given = raw.get("Filter", {})
    both = given.get("And", {})
    return Tiering(
        name=raw["Id"],
        tiers=tuple(sorted((each["AccessTier"], each["Days"]) for each in raw["Tierings"])),
        enabled=raw["Status"] == "Enabled",
        prefix=given.get("Prefix") or both.get("Prefix") or "",
        narrowed=bool(set(given) - {"Prefix", "And"} or set(both) - {"Prefix"}),
    )


def _region(said: Mapping[str, Any]) -> str:
    """Return the region by its current name: an empty location is the oldest region."""
    return {"": "us-east-1", "EU": "eu-west-1"}.get(found := said.get("LocationConstraint") or "", found)


def _account(s3: S3Client, declared: Declared, region: Fact[str]) -> Fact[str]:
    """Return the declared account if S3 says that it owns the bucket; S3 never returns another owner's id."""
    if not declared.account:
        return Absent()
    owner = declared.account
    own = ask(
        lambda: s3.get_bucket_location(Bucket=declared.bucket, ExpectedBucketOwner=owner), lambda _: owner, _DENIED
    )
    if isinstance(own, Absent):
        return Known("another account") if isinstance(region, Known) else Unreadable(f"GetBucketLocation: {_DENIED}")
    return own


_DENIED = "AccessDenied"


def _present(fact: Fact[Any]) -> Fact[Any]:
    """Return a fact that is absent if its value is empty."""
    return Absent() if isinstance(fact, Known) and not fact.value else fact


def _encryption(said: Mapping[str, Any]) -> Encryption:
    rule = said["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = rule.get("ApplyServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})  # a rule may leave it to S3
    key = default.get("KMSMasterKeyID")
    named: Fact[str] = Known(str(key)) if key else Absent()
    blocked = rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", ())
    whole = tuple(each for each in blocked if each != "NONE")
    return Encryption(default["SSEAlgorithm"], named, bool(rule.get("BucketKeyEnabled")), whole)


def _flags(said: Mapping[str, Any]) -> frozenset[str]:
    found = said["PublicAccessBlockConfiguration"]
    return frozenset(flag for flag in FLAGS if found.get(flag))


def _grants(said: Mapping[str, Any]) -> tuple[str, ...]:
    owner = said.get("Owner", {}).get("ID", "")
    grantees = [(each, each["Grantee"]) for each in said.get("Grants", ())]
    others = [each for each, grantee in grantees if grantee.get("URI") or grantee.get("ID", "") != owner]
    return tuple(f"{each['Permission']} to {_grantee(each['Grantee'])}" for each in others)


def _grantee(grantee: Mapping[str, Any]) -> str:
    name = grantee.get("URI") or grantee.get("ID") or grantee.get("EmailAddress") or "somebody"
    return str(name).rpartition("/")[2]


def _access_log(said: Mapping[str, Any]) -> tuple[str, str] | None:
    found = said.get("LoggingEnabled")
    return (found["TargetBucket"], found.get("TargetPrefix", "")) if found else None


def _lifecycle(said: Mapping[str, Any]) -> tuple[LifecycleRule, ...]:
    return tuple(_rule(each) for each in said.get("Rules", ()))


def _rule(raw: Mapping[str, Any]) -> LifecycleRule:
    given = raw.get("Filter", {})
    both = given.get("And", {})
    expiration, noncurrent = raw.get("Expiration", {}), raw.get("NoncurrentVersionExpiration", {})
    when = f"after {expiration['Days']} days" if expiration.get("Days") else ""
    return LifecycleRule(
        name=raw.get("ID", ""),
        enabled=raw["Status"] == "Enabled",
        prefix=raw.get("Prefix") or given.get("Prefix") or both.get("Prefix") or "",
        narrowed=bool(set(given) - {"Prefix", "And"} or set(both) - {"Prefix"}),
        expires=when or (f"on {expiration['Date']:%Y-%m-%d}" if expiration.get("Date") else ""),
        moves=tuple((each["StorageClass"], _when(each)) for each in raw.get("Transitions", ())),
        noncurrent_days=noncurrent.get("NoncurrentDays", 0),
        keeps=noncurrent.get("NewerNoncurrentVersions", 0),
        abort_days=raw.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0),
    )


def _when(transition: Mapping[str, Any]) -> str:
    if transition.get("Date"):
        return f"on {transition['Date']:%Y-%m-%d}"
    return f"after {transition.get('Days', 0)} days"
