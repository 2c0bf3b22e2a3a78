"""What takes artifacts out of a bucket in a plan: inventories, DataSync, AWS Backup, access grants, CloudFront."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Pending
from registry_conformance.judge.account.outlets import (
    Behaviour,
    Origin,
    access_grant,
    backup_copy,
    given_out,
    is_backed_up,
)
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import linked, referred
from registry_conformance.judge.account.plan.policies import planned_account
from registry_conformance.judge.account.state import Outlet


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
            told = f"the inventory {_text(each, 'name')}"
            prefix = _text(each, "filter", 0, "prefix")
            yield Outlet(told, name, given or _owner_of(plan, name), "is written to", prefix=prefix)


def _tasks(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield where tasks of DataSync bring what is in the bucket."""
    places = [each for each in plan.resources if each.type.startswith("aws_datasync_location_")]
    for task in plan.of("aws_datasync_task"):
        source, into = (_place(plan, task, f"{end}_location_arn", places) for end in ("source", "destination"))
        if source and source.type == "aws_datasync_location_s3" and _is_about(plan, source, "s3_bucket_arn", bucket):
            by = f"the DataSync task {_text(task, 'name') or task.address}"
            prefix = _text(source, "subdirectory").lstrip("/")
            if into and into.type == "aws_datasync_location_s3":
                name = _text(into, "s3_bucket_arn").rpartition(":")[2]
                yield Outlet(by, name, _owner_of(plan, name), prefix=prefix)
            else:
                yield Outlet(by, into.address if into else "a place that the plan does not show", prefix=prefix)


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
    """Yield the vaults that backups of the bucket are copied to."""
    for selection in plan.of("aws_backup_selection"):
        if not _selects(plan, selection, bucket):
            continue
        for each in linked(plan, selection, "plan_id", "aws_backup_plan", "id"):
            for rule in range(each.blocks("rule")):
                for copy in range(each.blocks("rule", rule, "copy_action")):
                    vault = each.get("rule", rule, "copy_action", copy, "destination_vault_arn")
                    if isinstance(vault, Known):
                        yield backup_copy(_text(each, "name"), str(vault.value))
                    else:
                        yield _copy_to_a_new_vault(plan, each)


def _copy_to_a_new_vault(plan: Plan, backup: Resource) -> Outlet:
    """Return where a backup plan copies to if the vault's ARN is known only later: whose it is the plan may tell."""
    vaults = referred(plan, backup, "aws_backup_vault", "rule", "copy_action", "destination_vault_arn") or []
    accounts = {planned_account(plan, each) for each in vaults}
    known = accounts.pop() if len(accounts) == 1 else None
    names = ", ".join(each.address for each in vaults) or "a vault that is known only after the plan is applied"
    return replace(backup_copy(_text(backup, "name"), names), account=known.value if isinstance(known, Known) else "")


def _selects(plan: Plan, selection: Resource, bucket: Resource) -> bool:
    """Return whether a selection for backups is of a bucket, or may be."""
    arn = f"arn:aws:s3:::{_name(bucket)}"
    named, spared = (_known(selection.get(each)) for each in ("resources", "not_resources"))
    by_tags = bool(selection.blocks("selection_tag"))
    if None in named:
        meant = referred(plan, selection, "aws_s3_bucket", "resources")
        named = [each or (arn if meant is None or bucket in meant else "of another resource") for each in named]
    return is_backed_up(arn, [str(each) for each in named], [str(each) for each in spared if each], by_tags=by_tags)


def _known(fact: Fact[list[Any]]) -> list[Any]:
    """Return the values of a list, ``None`` for each that is known only later."""
    match fact:
        case Pending():
            return [None]
        case Known(values):
            return list(values)
    return []


def _grants(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield whom access grants of S3 give objects of the bucket."""
    for each in plan.of("aws_s3control_access_grant"):
        scope = _scope(plan, each, _text(each, "access_grants_location_configuration", 0, "s3_sub_prefix"))
        kind, who = (_text(each, "grantee", 0, f"grantee_{one}") for one in ("type", "identifier"))
        if found := access_grant(each.address, kind, who, scope, _name(bucket)):
            yield found


def _scope(plan: Plan, grant: Resource, part: str) -> str:
    """Return what a grant is for: a location, or the part of it that is named."""
    by = "access_grants_location_id"
    meant = linked(plan, grant, by, "aws_s3control_access_grants_location", by)
    scopes = {_text(one, "location_scope") for one in meant}
    whole = scopes.pop() if len(scopes) == 1 else ""
    return f"{whole.removesuffix('*')}{part}" if part else whole


def _members(distribution: Resource, group: int) -> list[str]:
    """Return the ids of the origins in one group of a distribution's."""
    return [
        _text(distribution, "origin_group", group, "member", number, "origin_id")
        for number in range(distribution.blocks("origin_group", group, "member"))
    ]


def _distributions(plan: Plan, bucket: Resource) -> Iterator[Outlet]:
    """Yield the distributions of CloudFront that give out objects of the bucket to whoever asks."""
    for each in plan.of("aws_cloudfront_distribution"):
        if each.get("enabled") == Known(value=False):
            continue
        origins = [_origin(plan, each, number, bucket) for number in range(each.blocks("origin"))]
        groups = {
            _text(each, "origin_group", number, "origin_id"): _members(each, number)
            for number in range(each.blocks("origin_group"))
        }
        behaviours = [
            Behaviour(origin, _is_signed(each, block, number), _has_function(each, block, number))
            for block in ("default_cache_behavior", "ordered_cache_behavior")
            for number in range(each.blocks(block))
            for target in [_text(each, block, number, "target_origin_id")]
            for origin in groups.get(target, [target])
        ]
        yield from given_out(each.address, origins, behaviours, _name(bucket))


def _origin(plan: Plan, distribution: Resource, number: int, bucket: Resource) -> Origin:
    """Return an origin; one whose domain is known only later is the bucket's if the configuration refers to that."""
    place = ("origin", number)
    domain = distribution.get(*place, "domain_name")
    meant = (
        referred(plan, distribution, "aws_s3_bucket", "origin", "domain_name") if isinstance(domain, Pending) else []
    )
    if meant is None or (bucket in meant and len(meant) > 1):
        raise _Unknown(f"{distribution.address}.origin")
    its_own = f"{_name(bucket)}.s3.amazonaws.com" if bucket in meant else ""
    identities = (
        distribution.get(*place, "origin_access_control_id"),
        distribution.get(*place, "s3_origin_config", 0, "origin_access_identity"),
    )
    signs = any(isinstance(each, Pending) or (isinstance(each, Known) and each.value) for each in identities)
    told = str(domain.value) if isinstance(domain, Known) else its_own
    return Origin(_text(distribution, *place, "origin_id"), told, _text(distribution, *place, "origin_path"), signs)


def _is_signed(distribution: Resource, block: str, number: int) -> bool:
    """Return whether a behaviour gives out nothing without a signed URL or cookie."""
    signers = [distribution.get(block, number, each) for each in ("trusted_key_groups", "trusted_signers")]
    return any(isinstance(each, Pending) or (isinstance(each, Known) and each.value) for each in signers)


def _has_function(distribution: Resource, block: str, number: int) -> bool:
    functions = ("lambda_function_association", "function_association")
    return any(distribution.blocks(block, number, each) for each in functions)


_READERS: tuple[Callable[[Plan, Resource], Iterator[Outlet]], ...] = (
    _inventories,
    _tasks,
    _backups,
    _grants,
    _distributions,
)
