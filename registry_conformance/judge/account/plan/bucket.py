"""The bucket of a plan: ``aws_s3_bucket``, and the ``aws_s3_bucket_*`` resources that are about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.plan import calls, keeping, outlets, ways
from registry_conformance.judge.account.plan import inline as inlined
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.lifecycle import lifecycle
from registry_conformance.judge.account.plan.links import constant, linked, provider
from registry_conformance.judge.account.plan.policies import planned_account, policy
from registry_conformance.judge.account.state import FLAGS, BucketState, Encryption

T = TypeVar("T")
S = TypeVar("S")
Reader = Callable[[S], Fact[T]]

_CANNED = {
    "public-read": ("READ to AllUsers",),
    "public-read-write": ("READ to AllUsers", "WRITE to AllUsers"),
    "aws-exec-read": ("READ to Amazon EC2",),
    "authenticated-read": ("READ to AuthenticatedUsers",),
    "log-delivery-write": ("WRITE to LogDelivery", "READ_ACP to LogDelivery"),
}
_FLAGS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


def planned_bucket(plan: Plan, bucket: Resource) -> BucketState:
    """Return a bucket as it is planned, or as it is read where another plan manages it."""

    def setting(
        kind: str, own: Reader[Resource, T], attribute: str = "", inside: Reader[Any, T] | None = None
    ) -> Fact[T]:
        """Return what the resource of a type that is about this bucket says, or else the bucket itself."""
        about = [(each, linked(plan, each, "bucket", "aws_s3_bucket", "bucket", "id")) for each in plan.of(kind)]
        sure = [each for each, buckets in about if buckets == [bucket]]
        perhaps = [each for each, buckets in about if bucket in buckets]
        if sure or perhaps:
            return own(sure[0]) if sure else Pending(f"{perhaps[0].address}.bucket")
        if bucket in plan.data:
            return Unreadable(f"the plan reads the bucket and manages no {kind} of it")
        if inside is None or _is_removed(plan, kind, bucket):
            return Absent()
        found = inlined.inline(plan, bucket, attribute)
        return inside(found.value) if isinstance(found, Known) else found

    name = bucket.get("bucket")
    grants = setting("aws_s3_bucket_acl", _grants, "grant", inlined.grants)
    if isinstance(grants, Absent):
        grants = setting("aws_s3_bucket_acl", _grants, "acl", _canned)
    return BucketState(
        name=str(name.value) if isinstance(name, Known) else "(known after apply)",
        region=_region(plan, bucket),
        account=planned_account(plan, bucket),
        versioning=setting("aws_s3_bucket_versioning", _versioning, "versioning", inlined.versioning),
        encryption=setting(
            "aws_s3_bucket_server_side_encryption_configuration",
            _encryption,
            "server_side_encryption_configuration",
            lambda _: _encryption(bucket, "server_side_encryption_configuration", 0),
        ),
        public_access=setting("aws_s3_bucket_public_access_block", _public_access),
        policy=setting(
            "aws_s3_bucket_policy",
            lambda each: policy(each.get("policy"), each.address),
            "policy",
            lambda text: policy(Known(text), bucket.address),
        ),
        ownership=setting("aws_s3_bucket_ownership_controls", lambda each: each.get("rule", 0, "object_ownership")),
        grants=Known(()) if isinstance(grants, Absent) else grants,
        lifecycle=setting(
            "aws_s3_bucket_lifecycle_configuration",
            lambda each: lifecycle(plan, each),
            "lifecycle_rule",
            lambda blocks: inlined.lifecycle(plan, bucket, blocks),
        ),
        access_log=setting(
            "aws_s3_bucket_logging",
            lambda each: _access_log(plan, each),
            "logging",
            lambda _: _access_log(plan, bucket, "logging", 0),
        ),
        mfa_delete=_or(
            setting("aws_s3_bucket_versioning", keeping.mfa_delete, "versioning", inlined.mfa_delete), False
        ),
        payer=_or(
            setting(
                "aws_s3_bucket_request_payment_configuration",
                lambda each: each.get("payer"),
                "request_payer",
                lambda payer: Known(str(payer)),
            ),
            "BucketOwner",
        ),
        object_lock=setting(
            "aws_s3_bucket_object_lock_configuration",
            keeping.object_lock,
            "object_lock_configuration",
            lambda _: keeping.object_lock(bucket, "object_lock_configuration", 0),
        ),
        replication=_or(
            setting(
                "aws_s3_bucket_replication_configuration",
                lambda each: keeping.replication(plan, each),
                "replication_configuration",
                lambda _: keeping.replication(plan, bucket, "replication_configuration", 0),
            ),
            (),
        ),
        tiering=keeping.tiering(plan, bucket),
        access_points=ways.access_points(plan, bucket),
        calls=calls.calls(plan, bucket),
        outlets=outlets.outlets(plan, bucket),
        emptied=_emptied(plan, bucket) if bucket not in plan.data else Unreadable("another plan manages the bucket"),
    )


def _emptied(plan: Plan, bucket: Resource) -> Fact[bool]:
    """Return whether a bucket is replaced, or what is in it is deleted when it is removed from its configuration."""
    if plan.replaces(bucket):
        return Known(value=True)
    found = bucket.get("force_destroy")
    return found if isinstance(found, Pending) else Known(found == Known(True))


def _or(fact: Fact[T], default: T) -> Fact[T]:
    """Return a fact, or what AWS has where nothing is set."""
    return Known(default) if isinstance(fact, Absent) else fact


def _is_removed(plan: Plan, kind: str, bucket: Resource) -> bool:
    """Return whether the plan removes a setting, which the bucket itself still shows then."""
    return any(each.type == kind and each.get("bucket") == bucket.get("bucket") for each in plan.removed)


def _region(plan: Plan, bucket: Resource) -> Fact[str]:
    found = bucket.get("region")
    if isinstance(found, Known):
        return Known(str(found.value))
    given = constant(plan, provider(plan, bucket).get("region", {}))
    return Known(str(given)) if given else Pending(f"{bucket.address}.region")


def _versioning(resource: Resource) -> Fact[str]:
    found = resource.get("versioning_configuration", 0, "status")
    return Absent() if found == Known("Disabled") else found


def _encryption(resource: Resource, *way: str | int) -> Fact[Encryption]:
    algorithm = resource.get(*way, "rule", 0, "apply_server_side_encryption_by_default", 0, "sse_algorithm")
    key = resource.get(*way, "rule", 0, "apply_server_side_encryption_by_default", 0, "kms_master_key_id")
    bucket_key = resource.get(*way, "rule", 0, "bucket_key_enabled")
    if not isinstance(algorithm, Known):
        return algorithm
    named = resource.get(*way, "rule", 0, "blocked_encryption_types")
    blocked = tuple(each for each in named.value if each != "NONE") if isinstance(named, Known) else ()
    return Known(Encryption(algorithm.value, Absent() if key == Known("") else key, bucket_key == Known(True), blocked))


def _public_access(resource: Resource) -> Fact[frozenset[str]]:
    found = {flag: resource.get(name) for flag, name in zip(FLAGS, _FLAGS, strict=True)}
    unknown = [fact for fact in found.values() if isinstance(fact, Pending)]
    return unknown[0] if unknown else Known(frozenset(flag for flag, fact in found.items() if fact == Known(True)))


def _grants(resource: Resource) -> Fact[tuple[str, ...]]:
    canned, given = resource.get("acl"), resource.get("access_control_policy", 0, "grant")
    if isinstance(given, Known):
        owner = resource.get("access_control_policy", 0, "owner", 0, "id")
        return Known(tuple(told for each in given.value if (told := _grant(each, owner))))
    return _canned(canned.value) if isinstance(canned, Known) else canned


def _canned(acl: str) -> Fact[tuple[str, ...]]:
    return Known(_CANNED.get(acl, ()))


def _grant(grant: Mapping[str, Any], owner: Fact[Any]) -> str:
    grantee = grant.get("grantee", [{}])[0]
    if isinstance(owner, Known) and grantee.get("id") == owner.value:
        return ""
    who = grantee.get("uri") or grantee.get("id") or grantee.get("email_address") or "somebody"
    return f"{grant.get('permission')} to {str(who).rpartition('/')[2]}"


def _access_log(plan: Plan, resource: Resource, *way: str | int) -> Fact[tuple[str, str]]:
    prefix = resource.get(*way, "target_prefix")
    into = resource.get(*way, "target_bucket")
    if isinstance(into, Pending):
        targets = linked(plan, resource, "target_bucket", "aws_s3_bucket", "bucket", "id") if not way else []
        into = targets[0].get("bucket") if len(targets) == 1 else into
    for fact in (into, prefix):
        if isinstance(fact, Pending):
            return fact
    if not isinstance(into, Known):
        return Absent()
    return Known((str(into.value), str(prefix.value) if isinstance(prefix, Known) else ""))
