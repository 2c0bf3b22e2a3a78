"""The janitor: finishes what runs that broke off left on a target, from their ledgers, or by their names."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.live.cleanup import Cleaned, clean
from registry_conformance.judge.target.guard import Budget, Guard, Made
from registry_conformance.judge.target.target import BucketAccess, Target

RUN = re.compile(r"(verify-(\d{8}-\d{6})-[0-9a-f]{6})(?:-|$)")
"""How the name of what a run makes begins: the run's id, with the moment that it began, in UTC."""
_PAGES = 50
_NO_LIMIT = Budget(1, 1, 1, 1.0)
"""Of a run that is over: nothing more is sent by it."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of one run's things."""

    run_id: str
    cleaned: Cleaned


class LedgerError(RuntimeError):
    """A ledger cannot be read; the message says which and why."""


def sweep(
    target: Target, ledgers: Path, before: datetime, purge: Sequence[str] = (), *, dry: bool = False
) -> Iterator[Swept]:
    """Remove what runs that began before a moment have left, one run after the other; ``dry`` only names it.

    Only what stands in a ledger of the folder ``ledgers`` and bears its run's name is touched. Raises ``LedgerError``.
    """
    for guard in _guards(ledgers):
        try:
            old = guard.began < before.timestamp() and bool(guard.left())
        except (sqlite3.Error, TypeError) as problem:
            raise LedgerError(f"{guard.file}: is no ledger of a run: {problem}") from problem
        if old:
            yield Swept(guard.prefix, clean(target, guard, purge, dry))


def strangers(target: Target, ledgers: Path, before: datetime, *, deleted: bool) -> dict[str, list[Made]]:
    """Return run id -> what bears the name of a run that began before a moment and whose ledger is not here.

    ``deleted`` experiments count where somebody can remove them for good. Raises ``Mismatch`` where the target does not
    list what it holds.
    """
    known = {guard.prefix for guard in _guards(ledgers)}
    found: dict[str, list[Made]] = {}
    for made in _held(target, deleted=deleted):
        run = RUN.match(made.name)
        if run and run[1] not in known and _began(run[2]) < before:
            found.setdefault(run[1], []).append(made)
    return found


def adopt(ledgers: Path, found: Mapping[str, Sequence[Made]]) -> None:
    """Write a ledger for each run that has none here, with what was found of it: a sweep then removes that."""
    for run_id, made in found.items():
        began = _began(run_id.removeprefix("verify-")[:15])
        Guard(ledgers / f"{run_id}.sqlite", run_id, _NO_LIMIT, read_only=False).open(began.timestamp(), made)


def _began(moment: str) -> datetime:
    return datetime.strptime(moment, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def _held(target: Target, *, deleted: bool) -> Iterator[Made]:
    """Yield the experiments, models and files whose names begin as a run's do; files where the bucket is open."""
    door = target.doors[0]
    wire = MlflowHttp(replace(door, guard=None), target.key_at(door), Evidence(), "janitor")
    for stage in ("ACTIVE_ONLY", "DELETED_ONLY")[: 1 + deleted]:
        names = _names(wire, "experiments", "experiments", view_type=stage)
        yield from (Made("experiment", name, wire.door.name) for name in names)
    yield from (Made("model", name, wire.door.name) for name in _names(wire, "registered-models", "registered_models"))
    if target.bucket is not None:
        root = f"{target.bucket.prefix}/" if target.bucket.prefix else ""
        keys, unfinished = _keys(target.bucket, f"{root}verify-")
        yield from (Made("artifact", key.removeprefix(root), wire.door.name) for key in keys)
        yield from (Made("upload", key.removeprefix(root), wire.door.name) for key in unfinished)


def _keys(access: BucketAccess, begin: str) -> tuple[Iterable[str], Iterable[str]]:
    """Return the keys that begin so, of objects and of unfinished uploads."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - not every target shows a bucket

    try:
        bucket = Bucket(access, Evidence())
        return bucket.keys(begin), bucket.unfinished_keys(begin)
    except (BotoCoreError, ClientError) as problem:
        raise Mismatch("a list of what the bucket holds", str(problem)) from problem


def _names(wire: MlflowHttp, verb: str, field: str, **more: str) -> Iterator[str]:
    """Yield the names of all experiments or models that begin as a run's do, page by page."""
    token = ""
    for _ in range(_PAGES):
        query = {"filter": "name LIKE 'verify-%'", "max_results": "1000", **more}
        met = wire.send("GET", f"{REST}/{verb}/search", query=query | ({"page_token": token} if token else {}))
        if not met.ok:
            raise Mismatch(f"a list of {verb}", str(met))
        yield from (str(each["name"]) for each in met.document.get(field, ()))
        token = str(met.document.get("next_page_token") or "")
        if not token:
            return


def _guards(ledgers: Path) -> list[Guard]:
    """Return the guards of all runs that left a ledger, in the order of their names, which is that of time."""
    return [Guard(file, file.stem, _NO_LIMIT, read_only=False) for file in sorted(ledgers.glob("*.sqlite"))]
