"""What copies objects of the bucket, or the list of them: inventories, DataSync, AWS Backup and batch jobs of S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Unreadable, Unsupported
from registry_conformance.judge.account.observe.pages import Client, listed
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.outlets import backup_copy, is_backed_up
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.state import Outlet
from registry_conformance.judge.target.account import Declared

_S3 = "s3://"
_TO_COME = ["New", "Preparing", "Suspended", "Ready", "Active", "Pausing", "Paused"]
"""The states of a batch job that has not ended."""


def inventories(client: Client, declared: Declared) -> Fact[list[Outlet]]:
    """Return the bucket's inventories, by the buckets that they are written to."""
    s3 = client("s3")
    found = listed(
        partial(s3.list_bucket_inventory_configurations, Bucket=declared.bucket),
        "InventoryConfigurationList",
        mark=("NextContinuationToken", "ContinuationToken"),
    )
    if not isinstance(found, Known):
        return found
    return Known([_inventory(s3, each, declared) for each in found.value if each.get("IsEnabled")])


def _inventory(s3: Any, said: Mapping[str, Any], declared: Declared) -> Outlet:
    into = said["Destination"]["S3BucketDestination"]
    name = into["Bucket"].rpartition(":")[2]
    owner = into.get("AccountId") or _owner(s3, name, declared)
    prefix = said.get("Filter", {}).get("Prefix", "")
    return Outlet(f"the inventory {said['Id']}", name, owner, "is written to", prefix=prefix)


def _owner(s3: Any, name: str, declared: Declared) -> str:
    """Return the declared account if S3 finds a bucket for it, empty otherwise: whose it is S3 tells nobody else."""
    own = ask(lambda: s3.get_bucket_location(Bucket=name, ExpectedBucketOwner=declared.owner), lambda _: declared.owner)
    return own.value if isinstance(own, Known) else ""


def tasks(client: Client, declared: Declared) -> Fact[list[Outlet]]:
    """Return where tasks of DataSync bring objects of the bucket."""
    datasync, s3 = client("datasync"), client("s3")
    whole, places = listed(datasync.list_tasks, "Tasks"), listed(datasync.list_locations, "Locations")
    if not isinstance(whole, Known):
        return whole
    if not isinstance(places, Known):
        return places
    where = {each["LocationArn"]: each["LocationUri"] for each in places.value}
    found: list[Outlet] = []
    for each in whole.value:
        told: Fact[Mapping[str, Any]] = ask(partial(datasync.describe_task, TaskArn=each["TaskArn"]), lambda said: said)
        if not isinstance(told, Known):
            return _unread(told, "DescribeTask")
        found += _of_task(told.value, where, s3, declared)
    return Known(found)


def _of_task(task: Mapping[str, Any], where: Mapping[str, str], s3: Any, declared: Declared) -> Iterator[Outlet]:
    """Yield where a task brings objects to, if it takes them from the bucket."""
    source, into = (where.get(task[f"{end}LocationArn"], "") for end in ("Source", "Destination"))
    bucket, prefix = _bucket_in(source)
    if bucket == declared.bucket:
        name, _ = _bucket_in(into)
        by = f"the DataSync task {task.get('Name') or task['TaskArn']}"
        owner = _owner(s3, name, declared) if name else ""
        yield Outlet(by, name or into or "a place of another region", owner, prefix=prefix)


def _bucket_in(uri: str) -> tuple[str, str]:
    """Return the bucket that a location is in, and the prefix; both empty for one that is of no bucket of S3."""
    bucket, _, prefix = uri.removeprefix(_S3).partition("/") if uri.startswith(_S3) else ("", "", "")
    return bucket, prefix.lstrip("/")


def backups(client: Client, declared: Declared) -> Fact[list[Outlet]]:
    """Return the vaults that backups of the bucket are copied to."""
    backup = client("backup")
    plans = listed(backup.list_backup_plans, "BackupPlansList")
    if not isinstance(plans, Known):
        return plans
    found: list[Outlet] = []
    for each in plans.value:
        number = each["BackupPlanId"]
        rules: Fact[list[Any]] = ask(
            partial(backup.get_backup_plan, BackupPlanId=number), lambda said: said["BackupPlan"].get("Rules", [])
        )
        if not isinstance(rules, Known):
            return _unread(rules, "GetBackupPlan")
        copies = [copy["DestinationBackupVaultArn"] for rule in rules.value for copy in rule.get("CopyActions", ())]
        if not copies:
            continue
        has = _selected(backup, number, declared)
        if not isinstance(has, Known):
            return _unread(has, "ListBackupSelections")
        found += [backup_copy(each["BackupPlanName"], vault) for vault in copies if has.value]
    return Known(found)


def _selected(backup: Any, plan: str, declared: Declared) -> Fact[bool]:
    """Return whether a backup plan is for the bucket."""
    whole = listed(partial(backup.list_backup_selections, BackupPlanId=plan), "BackupSelectionsList")
    if not isinstance(whole, Known):
        return whole
    found = False
    for each in whole.value:
        asked = partial(backup.get_backup_selection, BackupPlanId=plan, SelectionId=each["SelectionId"])
        told: Fact[Mapping[str, Any]] = ask(asked, lambda said: said["BackupSelection"])
        if not isinstance(told, Known):
            return _unread(told, "GetBackupSelection")
        found = found or _selects(told.value, declared)
    return Known(found)


def _selects(selection: Mapping[str, Any], declared: Declared) -> bool:
    return is_backed_up(
        declared.bucket_arn,
        selection.get("Resources", ()),
        selection.get("NotResources", ()),
        by_tags=bool(selection.get("ListOfTags")),
    )


def jobs(client: Client, declared: Declared) -> Fact[list[Outlet]]:
    """Return where batch jobs of S3 that have not ended copy objects of the bucket."""
    if not declared.owner:
        return Unreadable("which account is not declared")
    control, s3 = client("s3control"), client("s3")
    whole = listed(partial(control.list_jobs, AccountId=declared.owner, JobStatuses=_TO_COME), "Jobs")
    if not isinstance(whole, Known):
        return whole
    found: list[Outlet] = []
    for each in whole.value:
        asked = partial(control.describe_job, AccountId=declared.owner, JobId=each["JobId"])
        told: Fact[Mapping[str, Any]] = ask(asked, lambda said: said["Job"])
        if not isinstance(told, Known):
            return _unread(told, "DescribeJob")
        found += _of_job(told.value, s3, declared)
    return Known(found)


def _of_job(job: Mapping[str, Any], s3: Any, declared: Declared) -> Iterator[Outlet]:
    """Yield where a job copies objects to: those of the bucket, or those that a list names which is not looked at."""
    into = job.get("Operation", {}).get("S3PutObjectCopy", {}).get("TargetResource", "")
    source = job.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {}).get("SourceBucket", "")
    if into and source in {"", declared.bucket_arn}:
        name = into.rpartition(":")[2]
        verb = "takes them to" if source else "takes what a list of its own names, which is not looked at, to"
        owner = account_of(into) or _owner(s3, name, declared)
        yield Outlet(f"the batch job {job['JobId']}", name, owner, verb)


def _unread(fact: Fact[Any], asked: str) -> Unreadable | Unsupported:
    """Return why something that was listed cannot be read."""
    return fact if isinstance(fact, Unreadable | Unsupported) else Unreadable(asked)
