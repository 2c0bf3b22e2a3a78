"""What takes objects of the bucket, or the list of them, elsewhere: inventories, and tasks of DataSync."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Unreadable
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.state import Outlet
from registry_conformance.judge.target.account import Declared

Client = Callable[[str], Any]
"""Gives a client of a service."""
_MOST_PAGES = 20
_S3 = "s3://"


def observe_outlets(client: Client, declared: Declared) -> Fact[tuple[Outlet, ...]]:
    """Return what takes objects of the bucket elsewhere; AWS Backup, access grants and CloudFront are not asked."""
    s3 = client("s3")
    inventories: Fact[list[Any]] = ask(
        lambda: _pages(
            partial(s3.list_bucket_inventory_configurations, Bucket=declared.bucket),
            "InventoryConfigurationList",
            ("NextContinuationToken", "ContinuationToken"),
        ),
        lambda said: said["found"],
    )
    if not isinstance(inventories, Known):
        return inventories
    found = [_inventory(s3, each, declared) for each in inventories.value if each.get("IsEnabled")]
    tasks = _tasks(client("datasync"), s3, declared)
    return Known(tuple(sorted([*found, *tasks.value], key=str))) if isinstance(tasks, Known) else tasks


def _inventory(s3: Any, said: Mapping[str, Any], declared: Declared) -> Outlet:
    into = said["Destination"]["S3BucketDestination"]
    name = into["Bucket"].rpartition(":")[2]
    owner = into.get("AccountId") or _owner(s3, name, declared)
    return Outlet(f"the inventory {said['Id']}", name, owner, "is written to")


def _owner(s3: Any, name: str, declared: Declared) -> str:
    """Return the declared account if S3 finds a bucket for it, empty otherwise: whose it is S3 tells nobody else."""
    own = ask(lambda: s3.get_bucket_location(Bucket=name, ExpectedBucketOwner=declared.owner), lambda _: declared.owner)
    return own.value if isinstance(own, Known) else ""


def _tasks(datasync: Any, s3: Any, declared: Declared) -> Fact[tuple[Outlet, ...]]:
    mark = ("NextToken", "NextToken")
    tasks = ask(lambda: _pages(datasync.list_tasks, "Tasks", mark), lambda said: said["found"])
    places = ask(lambda: _pages(datasync.list_locations, "Locations", mark), lambda said: said["found"])
    for listed in (tasks, places):
        if not isinstance(listed, Known):
            return listed
    assert isinstance(tasks, Known)
    assert isinstance(places, Known)
    where = {each["LocationArn"]: each["LocationUri"] for each in places.value}
    found: list[Outlet] = []
    for each in tasks.value:
        told: Fact[Mapping[str, Any]] = ask(partial(datasync.describe_task, TaskArn=each["TaskArn"]), lambda said: said)
        if not isinstance(told, Known):
            return told if isinstance(told, Unreadable) else Unreadable("DescribeTask")
        found += _of_task(told.value, where, s3, declared)
    return Known(tuple(found))


def _of_task(task: Mapping[str, Any], where: Mapping[str, str], s3: Any, declared: Declared) -> Iterator[Outlet]:
    """Yield where a task brings objects to, if it takes them from the bucket."""
    source, into = (where.get(task[f"{end}LocationArn"], "") for end in ("Source", "Destination"))
    if _bucket_in(source) == declared.bucket:
        name = _bucket_in(into)
        by = f"the DataSync task {task.get('Name') or task['TaskArn']}"
        yield Outlet(by, name or into or "a place of another region", _owner(s3, name, declared) if name else "")


def _bucket_in(uri: str) -> str:
    """Return the bucket that a location is in, empty for one that is of no bucket of S3."""
    return uri.removeprefix(_S3).partition("/")[0] if uri.startswith(_S3) else ""


def _pages(asked: Callable[..., Any], name: str, mark: tuple[str, str]) -> dict[str, Any]:
    """Return every page of a listing as one."""
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        said = asked(**place)
        found += said.get(name, ())
        if not said.get(mark[0]):
            return {"found": found}
        place = {mark[1]: said[mark[0]]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of {name}")
