"""The bucket's access points, each a way to it under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.state import AccessPoint
from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.target.account import Declared

_MOST_PAGES = 20
"""A page has a thousand, and an account ten thousand in a region."""


def observe_access_points(s3control: Any, declared: Declared) -> Fact[tuple[AccessPoint, ...]]:
    """Return the access points that the declared account has for its bucket, with their policies."""
    listed: Fact[list[str]] = ask(lambda: _pages(s3control, declared), _names)
    if not isinstance(listed, Known):
        return listed
    return Known(tuple(_access_point(s3control, declared.owner, name) for name in sorted(listed.value)))


def _pages(s3control: Any, declared: Declared) -> dict[str, Any]:
    """Return every page of the listing as one: boto3 has no paginator for it."""
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        said = s3control.list_access_points(AccountId=declared.owner, Bucket=declared.bucket, **place)
        found += said.get("AccessPointList", ())
        if not said.get("NextToken"):
            return {"AccessPointList": found}
        place = {"NextToken": said["NextToken"]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of access points")


def _names(said: Mapping[str, Any]) -> list[str]:
    return [each["Name"] for each in said.get("AccessPointList", ())]


def _access_point(s3control: Any, account: str, name: str) -> AccessPoint:
    policy = ask(
        partial(s3control.get_access_point_policy, AccountId=account, Name=name),
        lambda said: read_policy(said["Policy"], f"the policy of the access point {name}"),
        "NoSuchAccessPointPolicy",
    )
    return AccessPoint(name, policy)
