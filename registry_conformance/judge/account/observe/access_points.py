"""The bucket's access points, each with a name and policy of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.observe.pages import listed
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.state import AccessPoint
from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.target.account import Declared


def observe_access_points(s3control: Any, declared: Declared) -> Fact[tuple[AccessPoint, ...]]:
    """Return the declared account's access points for its bucket, with their policies."""
    asked = partial(s3control.list_access_points, AccountId=declared.owner, Bucket=declared.bucket)
    found = listed(asked, "AccessPointList")
    if not isinstance(found, Known):
        return found
    names = sorted(each["Name"] for each in found.value)
    return Known(tuple(_access_point(s3control, declared.owner, name) for name in names))


def observe_points_of_several_regions(s3control: Any, declared: Declared) -> list[AccessPoint]:
    """Return the multi-region access points of the bucket; ``s3control`` is a client of that region.

    If they may not be listed, the result is an access point with an unreadable policy.
    """
    found = listed(partial(s3control.list_multi_region_access_points, AccountId=declared.owner), "AccessPoints")
    if not isinstance(found, Known):
        why = found if isinstance(found, Unreadable) else Unreadable("this store does not list them")
        return [AccessPoint("of several regions, if there is any", why, "")]
    own = [each for each in found.value if declared.bucket in _buckets(each)]
    return [_of_several_regions(s3control, declared.owner, each) for each in sorted(own, key=lambda one: one["Name"])]


def _buckets(point: Mapping[str, Any]) -> set[str | None]:
    """Return the buckets that a multi-region access point leads to."""
    return {region.get("Bucket") for region in point.get("Regions", ())}


def _of_several_regions(s3control: Any, account: str, point: Mapping[str, Any]) -> AccessPoint:
    name = point["Name"]
    policy: Fact[Any] = ask(
        lambda: s3control.get_multi_region_access_point_policy(AccountId=account, Name=name),
        lambda said: said.get("Policy", {}).get("Established", {}).get("Policy"),
        "NoSuchMultiRegionAccessPointPolicy",
        "NoSuchAccessPointPolicy",
    )
    if isinstance(policy, Known):
        policy = Absent() if not policy.value else _read(policy.value, f"the policy of the access point {name}")
    return AccessPoint(name, policy, point.get("Alias", ""))


def _read(text: str, name: str) -> Fact[Any]:
    return ask(dict, lambda _: read_policy(text, name))


def _access_point(s3control: Any, account: str, name: str) -> AccessPoint:
    policy = ask(
        partial(s3control.get_access_point_policy, AccountId=account, Name=name),
        lambda said: read_policy(said["Policy"], f"the policy of the access point {name}"),
        "NoSuchAccessPointPolicy",
    )
    return AccessPoint(name, policy)
