"""The bucket's access points, each with a name and policy of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.state import AccessPoint
from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.target.account import Declared

_MOST_PAGES = 20
"""A page has a thousand, and an account ten thousand in a region."""


def observe_access_points(s3control: Any, declared: Declared) -> Fact[tuple[AccessPoint, ...]]:
    """Return the declared account's access points for its bucket, with their policies."""
    listed: Fact[list[str]] = ask(
        lambda: _pages(
            s3control.list_access_points, "AccessPointList", AccountId=declared.owner, Bucket=declared.bucket
        ),
        lambda said: [each["Name"] for each in said["AccessPointList"]],
    )
    if not isinstance(listed, Known):
        return listed
    return Known(tuple(_access_point(s3control, declared.owner, name) for name in sorted(listed.value)))


def observe_points_of_several_regions(s3control: Any, declared: Declared) -> list[AccessPoint]:
    """Return the multi-region access points of the bucket; ``s3control`` is a client of that region.

    If they may not be listed, the result is an access point with an unreadable policy.
    """
    listed: Fact[list[Mapping[str, Any]]] = ask(
        lambda: _pages(s3control.list_multi_region_access_points, "AccessPoints", AccountId=declared.owner),
        lambda said: said["AccessPoints"],
    )
    if not isinstance(listed, Known):
        why = listed if isinstance(listed, Unreadable) else Unreadable("this store does not list them")
        return [AccessPoint("of several regions, if there is any", why, "")]
    own = [each for each in listed.value if declared.bucket in {one.get("Bucket") for one in each.get("Regions", ())}]
    return [_of_several_regions(s3control, declared.owner, each) for each in sorted(own, key=lambda one: one["Name"])]


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


def _pages(asked: Callable[..., Any], name: str, **about: str) -> dict[str, Any]:
    """Return all pages of a listing: boto3 has no paginator for these."""
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        said = asked(**about, **place)
        found += said.get(name, ())
        if not said.get("NextToken"):
            return {name: found}
        place = {"NextToken": said["NextToken"]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of access points")


def _access_point(s3control: Any, account: str, name: str) -> AccessPoint:
    policy = ask(
        partial(s3control.get_access_point_policy, AccountId=account, Name=name),
        lambda said: read_policy(said["Policy"], f"the policy of the access point {name}"),
        "NoSuchAccessPointPolicy",
    )
    return AccessPoint(name, policy)
