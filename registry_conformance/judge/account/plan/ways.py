"""Ways round the bucket's own policy in a plan: its access points."""

from __future__ import annotations

from collections.abc import Iterator

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import linked
from registry_conformance.judge.account.plan.policies import policy
from registry_conformance.judge.account.state import AccessPoint
from registry_conformance.judge.account.statement import Statement


def access_points(plan: Plan, bucket: Resource) -> Fact[tuple[AccessPoint, ...]]:
    """Return the access points of a bucket that a plan has."""
    found: list[AccessPoint] = []
    for each in plan.of("aws_s3_access_point"):
        buckets = linked(plan, each, "bucket", "aws_s3_bucket", "bucket", "id")
        if bucket not in buckets:
            continue
        if buckets != [bucket]:
            return Pending(f"{each.address}.bucket")
        name = each.get("name")
        found.append(AccessPoint(str(name.value) if isinstance(name, Known) else each.name, _policy_of(plan, each)))
    found += [*_of_object_lambda(plan, bucket), *_of_several_regions(plan, bucket)]
    if not found and bucket in plan.data:
        return Unreadable("the plan reads the bucket and manages no aws_s3_access_point of it")
    return Known(tuple(sorted(found, key=lambda each: each.name)))


def _of_object_lambda(plan: Plan, bucket: Resource) -> Iterator[AccessPoint]:
    """Yield the access points of Object Lambda that stand before an access point of the bucket, or may."""
    behind = [
        each
        for each in plan.of("aws_s3_access_point")
        if bucket in linked(plan, each, "bucket", "aws_s3_bucket", "bucket", "id")
    ]
    for each in plan.of("aws_s3control_object_lambda_access_point"):
        before = each.get("configuration", 0, "supporting_access_point")
        if isinstance(before, Pending) or before in [one.get("arn") for one in behind]:
            name = each.get("name")
            told = str(name.value) if isinstance(name, Known) else each.name
            yield AccessPoint(told, _policy_of_object_lambda(plan, name), service="s3-object-lambda")


def _policy_of_object_lambda(plan: Plan, name: Fact[str]) -> Fact[tuple[Statement, ...]]:
    for each in plan.of("aws_s3control_object_lambda_access_point_policy"):
        if each.get("name") == name or isinstance(each.get("name"), Pending):
            return policy(each.get("policy"), each.address)
    return Absent()


def _of_several_regions(plan: Plan, bucket: Resource) -> Iterator[AccessPoint]:
    """Yield the access points of several regions that a bucket is one of, or may be."""
    names = {(bucket.get("bucket")), (bucket.get("id"))} - {Absent()}
    for each in plan.of("aws_s3control_multi_region_access_point"):
        regions = range(each.blocks("details", 0, "region"))
        buckets = [each.get("details", 0, "region", number, "bucket") for number in regions]
        if isinstance(each.get("details", 0, "region"), Pending):
            buckets = [Pending(each.address)]
        if any(one in names or isinstance(one, Pending) for one in buckets):
            yield AccessPoint(each.address, _policy_of_several(plan, each), "")


def _policy_of_several(plan: Plan, point: Resource) -> Fact[tuple[Statement, ...]]:
    """Return the policy of an access point of several regions, which names the point as the point names itself."""
    name = point.get("details", 0, "name")
    for each in plan.of("aws_s3control_multi_region_access_point_policy"):
        if isinstance(each.get("details", 0, "name"), Pending) or each.get("details", 0, "name") == name:
            return policy(each.get("details", 0, "policy"), each.address)
    return Unreadable(f"{point.address} is one of several regions, and the plan does not show its policy")


def _policy_of(plan: Plan, point: Resource) -> Fact[tuple[Statement, ...]]:
    for each in plan.of("aws_s3control_access_point_policy"):
        points = linked(plan, each, "access_point_arn", "aws_s3_access_point", "arn", "id")
        if point in points:
            return policy(each.get("policy"), each.address) if points == [point] else Pending(each.address)
    own = point.get("policy")
    return Absent() if own == Known("{}") else policy(own, point.address)
