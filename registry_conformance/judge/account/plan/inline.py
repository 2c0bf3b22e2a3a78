"""Settings that ``aws_s3_bucket`` itself has: all of them before version 4 of the provider, and what it reads since.

What is unknown of them and not configured is no setting: the provider learns it from AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.lifecycle import expires, first, moves, unknown_in
from registry_conformance.judge.account.plan.links import configured
from registry_conformance.judge.account.state import LifecycleRule


def inline(plan: Plan, bucket: Resource, attribute: str) -> Fact[Any]:
    """Return what a bucket says of itself under an attribute: nothing if that is empty or left to AWS."""
    found = bucket.get(attribute)
    if isinstance(found, Pending):
        return found if configured(plan, bucket, attribute) else Absent()
    return found if isinstance(found, Known) and found.value else Absent()


def versioning(blocks: Any) -> Fact[str]:
    """Return the state of versioning; a bucket that does not keep versions tells not whether it ever did."""
    return Known("Enabled") if blocks[0].get("enabled") else Absent()


def mfa_delete(blocks: Any) -> Fact[bool]:
    """Return whether versions are deleted with a device only."""
    return Known(bool(blocks[0].get("mfa_delete")))


def grants(blocks: Any) -> Fact[tuple[str, ...]]:
    """Return whom the ACL lets in beside its owner, who is the one account with full control."""
    full = [each for each in blocks if not each.get("uri") and "FULL_CONTROL" in each.get("permissions", ())]
    return Known(
        tuple(
            f"{permission} to {str(each.get('uri') or each.get('id')).rpartition('/')[2]}"
            for each in blocks
            if each not in full[:1]
            for permission in each.get("permissions", ())
        )
    )


def lifecycle(plan: Plan, bucket: Resource, blocks: Any) -> Fact[tuple[LifecycleRule, ...]]:
    """Return the rules of a lifecycle, or the first place in them that is not known yet."""
    return unknown_in(plan, bucket, "lifecycle_rule") or Known(tuple(_rule(each) for each in blocks))


def _rule(raw: Mapping[str, Any]) -> LifecycleRule:
    return LifecycleRule(
        name=raw.get("id") or "",
        enabled=bool(raw.get("enabled")),
        prefix=raw.get("prefix") or "",
        narrowed=bool(raw.get("tags")),
        expires=expires(first(raw, "expiration")),
        moves=moves(raw),
        noncurrent_days=int(first(raw, "noncurrent_version_expiration").get("days") or 0),
        abort_days=int(raw.get("abort_incomplete_multipart_upload_days") or 0),
    )
