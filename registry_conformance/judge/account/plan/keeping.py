"""What a plan says of retention, replication, Intelligent-Tiering and who pays, and of the KMS key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.lifecycle import first
from registry_conformance.judge.account.plan.links import linked
from registry_conformance.judge.account.plan.policies import planned_account, policy
from registry_conformance.judge.account.state import DAYS_A_YEAR, KeyState, ObjectLock, Replica, Tiering
from registry_conformance.judge.target.account import Declared


def mfa_delete(resource: Resource) -> Fact[bool]:
    """Return whether versions are deleted with a device only."""
    found = resource.get("versioning_configuration", 0, "mfa_delete")
    return found if isinstance(found, Pending) else Known(found == Known("Enabled"))


def object_lock(resource: Resource, *way: str | int) -> Fact[ObjectLock]:
    """Return the default retention that a resource sets."""
    whole = [resource.get(*way, "rule", 0, "default_retention", 0, name) for name in ("mode", "days", "years")]
    for fact in whole:
        if isinstance(fact, Pending):
            return fact
    mode, days, years = (fact.value if isinstance(fact, Known) else "" for fact in whole)
    return Known(ObjectLock(str(mode), int(days or 0) or int(years or 0) * DAYS_A_YEAR))


def replication(plan: Plan, resource: Resource, *way: str | int) -> Fact[tuple[Replica, ...]]:
    """Return where a resource has objects copied to; a bucket of this plan is whose the plan is made for."""
    block = "rules" if way else "rule"
    found: list[Replica] = []
    for number in range(resource.blocks(*way, block)):
        status = resource.get(*way, block, number, "status")
        into = resource.get(*way, block, number, "destination", 0, "bucket")
        account = resource.get(*way, block, number, "destination", 0, "account" if not way else "account_id")
        for fact in (status, into, account):
            if isinstance(fact, Pending):
                return fact
        if status == Known("Enabled") and isinstance(into, Known):
            name = str(into.value).rpartition(":")[2]
            given = str(account.value) if isinstance(account, Known) else ""
            found.append(Replica(name, given or _account_of(plan, name)))
    return Known(tuple(found))


def _account_of(plan: Plan, name: str) -> str:
    own = [each for each in plan.of("aws_s3_bucket") if each.get("bucket") == Known(name)]
    account = planned_account(plan, own[0]) if own else Absent()
    return account.value if isinstance(account, Known) else ""


def tiering(plan: Plan, bucket: Resource) -> Fact[tuple[Tiering, ...]]:
    """Return the archive configurations of a bucket, each a resource of its own."""
    found: list[Tiering] = []
    for each in plan.of("aws_s3_bucket_intelligent_tiering_configuration"):
        buckets = linked(plan, each, "bucket", "aws_s3_bucket", "bucket", "id")
        if bucket in buckets:
            if buckets != [bucket]:
                return Pending(f"{each.address}.bucket")
            tiers = each.get("tiering")
            if not isinstance(tiers, Known):
                return tiers
            found.append(_tiering(each, tiers.value))
    if not found and bucket in plan.data:
        return Unreadable(
            "the plan reads the bucket and manages no aws_s3_bucket_intelligent_tiering_configuration of it"
        )
    return Known(tuple(found))


def _tiering(resource: Resource, tiers: list[Mapping[str, Any]]) -> Tiering:
    given = first(resource.values, "filter")
    return Tiering(
        name=str(resource.values.get("name") or ""),
        tiers=tuple(sorted((str(each["access_tier"]), int(each["days"])) for each in tiers)),
        enabled=(resource.values.get("status") or "Enabled") == "Enabled",
        prefix=given.get("prefix") or "",
        narrowed=bool(given.get("tags")),
    )


def planned_key(plan: Plan, declared: Declared) -> Fact[KeyState]:
    """Return the declared key as it is planned, or as far as it is read where another plan manages it."""
    if not declared.kms_key:
        return Absent()
    for key in plan.of("aws_kms_key"):
        if key.get("arn") == Known(declared.kms_key):
            enabled = key.get("is_enabled")
            said = Known("Disabled" if enabled == Known(False) else "Enabled")
            return Known(
                KeyState(
                    arn=declared.kms_key,
                    state=enabled if isinstance(enabled, Pending) else said,
                    policy=policy(key.get("policy"), key.address),
                    grants=_grants(plan, declared.kms_key),
                )
            )
    for key in plan.read("aws_kms_key"):
        if key.get("arn") == Known(declared.kms_key):
            hidden = Unreadable(f"the plan reads {key.address} and manages it not")
            return Known(KeyState(declared.kms_key, key.get("key_state"), hidden, hidden))
    return Unreadable(f"the plan neither manages nor reads {declared.kms_key}")


def _grants(plan: Plan, arn: str) -> Fact[tuple[str, ...]]:
    grantees = [
        each.get("grantee_principal")
        for each in plan.of("aws_kms_grant")
        if each.get("key_id") in (Known(arn), Known(arn.rpartition("/")[2]))
    ]
    for fact in grantees:
        if isinstance(fact, Pending):
            return fact
    return Known(tuple(sorted(str(fact.value) for fact in grantees if isinstance(fact, Known))))
