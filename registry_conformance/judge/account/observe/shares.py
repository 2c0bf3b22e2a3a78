"""Who is given objects of the bucket past its policy: by access grants of S3, and by distributions of CloudFront."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Unreadable
from registry_conformance.judge.account.observe.pages import Client, listed
from registry_conformance.judge.account.outlets import Behaviour, Origin, access_grant, given_out
from registry_conformance.judge.account.state import Outlet
from registry_conformance.judge.target.account import Declared

_WITH_CLOUDFRONT = ("aws", "aws-cn")
"""The partitions in which CloudFront is."""


def access_grants(client: Client, declared: Declared) -> Fact[list[Outlet]]:
    """Return whom access grants of S3 give objects of the bucket."""
    if not declared.owner:
        return Unreadable("which account is not declared")
    control = client("s3control")
    instances = listed(
        partial(control.list_access_grants_instances, AccountId=declared.owner), "AccessGrantsInstancesList"
    )
    if not isinstance(instances, Known) or not instances.value:
        return instances
    found = listed(partial(control.list_access_grants, AccountId=declared.owner), "AccessGrantsList")
    if not isinstance(found, Known):
        return found
    meant = [_of_grant(each, declared) for each in found.value]
    return Known([each for each in meant if each])


def _of_grant(grant: Mapping[str, Any], declared: Declared) -> Outlet | None:
    grantee = grant.get("Grantee", {})
    return access_grant(
        grant["AccessGrantId"],
        grantee.get("GranteeType", ""),
        grantee.get("GranteeIdentifier", ""),
        grant.get("GrantScope", ""),
        declared.bucket,
    )


def distributions(client: Client, declared: Declared) -> Fact[list[Outlet]]:
    """Return which distributions of CloudFront give objects of the bucket to whoever asks."""
    if declared.partition not in _WITH_CLOUDFRONT:
        return Known([])
    cloudfront = client("cloudfront")
    found = listed(
        lambda **place: cloudfront.list_distributions(**place)["DistributionList"],
        "Items",
        mark=("NextMarker", "Marker"),
    )
    if not isinstance(found, Known):
        return found
    return Known([one for each in found.value if each["Enabled"] for one in _of_distribution(each, declared)])


def _of_distribution(said: Mapping[str, Any], declared: Declared) -> list[Outlet]:
    origins = [_origin(each) for each in said["Origins"].get("Items", ())]
    behaviours = [said["DefaultCacheBehavior"], *said.get("CacheBehaviors", {}).get("Items", ())]
    groups = {each["Id"]: _members(each) for each in said.get("OriginGroups", {}).get("Items", ())}
    asked = [one for each in behaviours for one in _behaviours(each, groups)]
    return given_out(said["Id"], origins, asked, declared.bucket)


def _origin(said: Mapping[str, Any]) -> Origin:
    identity = said.get("S3OriginConfig", {}).get("OriginAccessIdentity")
    signs = bool(identity or said.get("OriginAccessControlId"))
    return Origin(said["Id"], said["DomainName"], said.get("OriginPath", ""), signs)


def _members(group: Mapping[str, Any]) -> list[str]:
    return [each["OriginId"] for each in group["Members"].get("Items", ())]


def _behaviours(said: Mapping[str, Any], groups: Mapping[str, list[str]]) -> Iterator[Behaviour]:
    """Yield a behaviour once for each origin that it may ask."""
    signers = [said.get(each, {}).get("Enabled", False) for each in ("TrustedSigners", "TrustedKeyGroups")]
    functions = [said.get(f"{each}Associations", {}).get("Quantity", 0) for each in ("LambdaFunction", "Function")]
    for each in groups.get(said["TargetOriginId"], [said["TargetOriginId"]]):
        yield Behaviour(each, any(signers), any(functions))
