"""What takes artifacts out of a bucket in a plan: inventories, DataSync, AWS Backup, access grants, CloudFront."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from registry_conformance.judge.account.fact import Fact, Known, Pending
from registry_conformance.judge.account.patterns import account_of, covers
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import linked
from registry_conformance.judge.account.plan.policies import planned_account
from registry_conformance.judge.account.state import ANYBODY, Outlet


class _Unknown(Exception):  # noqa: N818 - no error: what a plan does not know yet ends the reading of it
    """A value that is known only after the plan is applied, at a place in it."""


def outlets(plan: Plan, bucket: Resource) -> Fact[tuple[Outlet, ...]]:
    """Return what takes objects of a bucket, or the list of them, elsewhere, as far as the plan has it."""
    try:
        found = [one for read in _READERS for one in read(plan, bucket)]
    except _Unknown as place:
        return Pending(str(place))
    return Known(tuple(sorted(set(found), key=lambda each: (each.by, each.to))))


def _is_about(plan: Plan, resource: Resource, attribute: str, bucket: Resource) -> bool:
    """Return whether an attribute names a bucket, by its name or its ARN, or refers to it."""
    value = resource.get(attribute)
    if isinstance(value, Known):
        return str(value.value).rpartition(":")[2] == _name(bucket)
    meant = linked(plan, resource, attribute, "aws_s3_bucket", "bucket", "id", "arn")
    if bucket in meant and meant != [bucket]:
        raise _Unknown(f"{resource.address}.{attribute}")
    return bucket in meant


def _name(bucket: Resource) -> str:
    found = bucket.get("bucket")
    return str(found.value) if isinstance(found, Known) else ""


def _text(resource: Resource, *path: str | int) -> str:
    """Return a text at a place, empty if there is none."""
    found = resource.get(*path)
    if isinstance(found, Pending):
        raise _Unknown(f"{resource.address}.{path[0]}")
    return str(found.value) if isinstance(found, Known) else ""


def _owner_of(plan: Plan, name: str) -> str:
    """Return whose a bucket of the plan is, empty for one that another plan manages."""
    own = [each for each in plan.of("aws_s3_bucket") if each.get("bucket") == Known(name)]
    account = planned_account(plan, own[0]) if own else None
    return account.value if isinstance(account, Known) else ""


def _inventories(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    for each in plan.of("aws_s3_bucket_inventory"):
        if each.get("enabled") != Known(value=False) and _is_about(plan, each, "bucket", bucket):
            into = ("destination", 0, "bucket", 0)
            arn = each.get(*into, "bucket_arn")
            name = str(arn.value).rpartition(":")[2] if isinstance(arn, Known) else ""
            given = _text(each, *into, "account_id")
            if not (name or given):
                raise _Unknown(f"{each.address}.destination")
            yield Outlet(f"the inventory {_text(each, 'name')}", name, given or _owner_of(plan, name), "is written to")


def _tasks(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield where tasks of DataSync bring what is in the bucket."""
    places = [each for each in plan.resources if each.type.startswith("aws_datasync_location_")]
    for task in plan.of("aws_datasync_task"):
        source, into = (_place(plan, task, f"{end}_location_arn", places) for end in ("source", "destination"))
        if source and source.type == "aws_datasync_location_s3" and _is_about(plan, source, "s3_bucket_arn", bucket):
            by = f"the DataSync task {_text(task, 'name') or task.address}"
            if into and into.type == "aws_datasync_location_s3":
                name = _text(into, "s3_bucket_arn").rpartition(":")[2]
                yield Outlet(by, name, _owner_of(plan, name))
            else:
                yield Outlet(by, into.address if into else "a place that the plan does not show")


def _place(plan: Plan, task: Resource, attribute: str, places: list[Resource]) -> Resource | None:
    value = task.get(attribute)
    if isinstance(value, Known):
        return next((each for each in places if each.get("arn") == value), None)
    kinds = dict.fromkeys(each.type for each in places)
    meant = [one for kind in kinds for one in linked(plan, task, attribute, kind, "arn", "id")]
    referred = [each for each in meant if each in places]
    if len(referred) != 1:
        raise _Unknown(f"{task.address}.{attribute}")
    return referred[0]


def _backups(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield the vaults of other accounts that backups of the bucket are copied to."""
    for selection in plan.of("aws_backup_selection"):
        if not _selects(selection, bucket):
            continue
        for each in linked(plan, selection, "plan_id", "aws_backup_plan", "id"):
            for rule in range(each.blocks("rule")):
                for copy in range(each.blocks("rule", rule, "copy_action")):
                    vault = each.get("rule", rule, "copy_action", copy, "destination_vault_arn")
                    if isinstance(vault, Known):
                        by = f"the backup plan {_text(each, 'name')}"
                        yield Outlet(by, str(vault.value), account_of(str(vault.value)))


def _selects(selection: Resource, bucket: Resource) -> bool:
    """Return whether a selection for backups is of a bucket; what is selected by tags may be of it."""
    resources = selection.get("resources")
    named = [str(each) for each in resources.value if each] if isinstance(resources, Known) else []
    arn = f"arn:aws:s3:::{_name(bucket)}"
    return any(covers(each, arn) for each in named) or bool(selection.blocks("selection_tag")) or not named


def _grants(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield whom access grants of S3 give objects of the bucket."""
    scopes = {
        _text(each, "access_grants_location_id"): _text(each, "location_scope")
        for each in plan.of("aws_s3control_access_grants_location")
        if not isinstance(each.get("access_grants_location_id"), Pending)
    }
    for each in plan.of("aws_s3control_access_grant"):
        meant = linked(
            plan, each, "access_grants_location_id", "aws_s3control_access_grants_location", "access_grants_location_id"
        )
        of = [_text(one, "location_scope") for one in meant] or [
            scopes.get(_text(each, "access_grants_location_id"), "")
        ]
        if not any(re.fullmatch(rf"s3://({re.escape(_name(bucket))}(/.*)?|\*)?", scope) for scope in of):
            continue
        if _text(each, "grantee", 0, "grantee_type") == "IAM":
            who = _text(each, "grantee", 0, "grantee_identifier")
            yield Outlet(f"an access grant ({each.address})", who, account_of(who), "lets in", "declare whose")


def _distributions(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield the distributions of CloudFront that give out objects of the bucket to whoever asks."""
    for each in plan.of("aws_cloudfront_distribution"):
        names = [
            _text(each, "origin", number, "origin_id")
            for number in range(each.blocks("origin"))
            if _is_origin(each, number, bucket)
        ]
        for block in (
            ("default_cache_behavior", "ordered_cache_behavior") if each.get("enabled") != Known(False) else ()
        ):
            for number in range(each.blocks(block)):
                if _text(each, block, number, "target_origin_id") in names and not _is_signed(each, block, number):
                    guarded = any(
                        each.blocks(block, number, one)
                        for one in ("lambda_function_association", "function_association")
                    )
                    by, to = f"the CloudFront distribution {each.address}", "whoever asks"
                    yield Outlet(
                        by, to, "" if guarded else ANYBODY, "gives them to", "a function of it may refuse some"
                    )


def _is_origin(distribution: Resource, number: int, bucket: Resource) -> bool:
    domain = distribution.get("origin", number, "domain_name")
    if isinstance(domain, Known):
        return re.match(rf"{re.escape(_name(bucket))}\.s3[.-]", str(domain.value)) is not None
    return False


def _is_signed(distribution: Resource, block: str, number: int) -> bool:
    """Return whether a behaviour gives out nothing without a signed URL or cookie."""
    signers = [distribution.get(block, number, each) for each in ("trusted_key_groups", "trusted_signers")]
    return any(isinstance(each, Pending) or (isinstance(each, Known) and each.value) for each in signers)


_READERS: tuple[Callable[[Plan, Resource], Iterator[Outlet]], ...] = (
    _inventories,
    _tasks,
    _backups,
    _grants,
    _distributions,
)
