"""The janitor: removes what interrupted runs left on a target, by their ledgers or by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from registry_conformance.judge.clients.bucket import Bucket, BucketError
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.live.cleanup import CleanupResult, clean
from registry_conformance.judge.live.presence import is_mlflow
from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.ledger import RUN_ID, LedgerError, identity_of
from registry_conformance.judge.target.liveness import is_alive
from registry_conformance.judge.target.requests import ARTIFACT, EXPERIMENT, MODEL, UPLOAD, GuardError, Made
from registry_conformance.judge.target.target import BucketAccess, Target
from registry_conformance.judge.target.workspace import placed

RUN = re.compile(rf"({RUN_ID.pattern})(?:-|$)")
"""How the name of what a run makes begins: the run's id, with the moment that it began, in UTC."""
_PAGES = 50
_NOBODYS = "registry-conformance-nobodys-model"
_NO_LIMIT = Budget(1, 1, 1, 1.0)
"""Of a run that is over: nothing more is sent by it."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The result for one run's objects; ``alive`` is whether it still runs, so that nothing was touched."""

    run_id: str
    cleaned: CleanupResult
    alive: bool = False


def sweep(
    target: Target, ledgers: Path, before: datetime, purge: Sequence[str] = (), *, dry: bool = False
) -> Iterator[SweepResult]:
    """Delete what runs before a moment left, one run after the other; ``dry`` only lists it.

    Only objects in an unmodified ledger of the folder ``ledgers`` are touched; another file is reported as left, and a
    live run is skipped.
    """
    for file in _files(ledgers):
        try:
            about = ledger.header(file)
            if about.began >= before.timestamp():
                continue
            if is_alive(file, about):
                yield SweepResult(about.run, CleanupResult(0, ()), alive=True)
                continue
            guard = Guard(file, about.run, _NO_LIMIT, read_only=False, target=identity_of(target))
            if not guard.left(identity_of(target)):
                continue
            if not dry:
                guard.end("the janitor has swept what this run made")
            yield SweepResult(about.run, clean(target, guard, purge, dry))
        except (LedgerError, GuardError) as problem:
            yield SweepResult(file.stem, CleanupResult(0, (str(problem),)))


def left_by_earlier_runs(target: Target, ledgers: Path) -> Iterator[str]:
    """Yield a sentence for each run whose ledger lists objects of a target that are not known to be gone."""
    for earlier in sweep(target, ledgers, datetime.now(UTC), dry=True):
        if left := earlier.cleaned.left:
            what = "an object" if len(left) == 1 else f"{len(left)} objects"
            yield (
                f"the run {earlier.run_id} left {what} here, or may have; `registry-conformance janitor` with the same "
                "--url, --env or --env-file removes what is there"
            )


def runs_without_ledger(target: Target, ledgers: Path, before: datetime, *, deleted: bool) -> dict[str, list[Made]]:
    """Return run id -> objects with the name of a run that began before a moment and has no ledger here.

    ``deleted`` experiments count if they can be removed permanently. Raises ``Mismatch`` if the target cannot list its
    objects.
    """
    known = {run for file in _files(ledgers) if (run := _run_of(file))}
    found: dict[str, list[Made]] = {}
    for made in _held(target, deleted=deleted):
        named = RUN.match(made.name)
        if named and named[1] not in known and _began_before(named[1], before):
            found.setdefault(named[1], []).append(made)
    return found


def adopt(target: Target, ledgers: Path, found: Mapping[str, Sequence[Made]]) -> None:
    """Write a ledger for each run that has none here, with the objects found; a sweep then deletes them."""
    for run_id, made in found.items():
        described = identity_of(target)
        guard = Guard(ledgers / f"{run_id}.sqlite", run_id, _NO_LIMIT, read_only=False, target=described)
        guard.open(_began(run_id).timestamp(), made)


def _began(run_id: str) -> datetime:
    moment = run_id.removeprefix("verify-")[:15]
    return datetime.strptime(moment, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def _began_before(run_id: str, before: datetime) -> bool:
    """Return whether a run began before a moment; a name without a valid timestamp never did."""
    try:
        return _began(run_id) < before
    except ValueError:
        return False


def _run_of(file: Path) -> str:
    """Return the run of a ledger, empty if it cannot be read."""
    try:
        return ledger.header(file).run
    except LedgerError:
        return ""


def _held(target: Target, *, deleted: bool) -> Iterator[Made]:
    """Yield the experiments, models and files with names that start like a run's; files if the bucket is accessible."""
    door = target.doors[0]
    wire = MlflowHttp(replace(door, guard=None), target.key_at(door), Evidence(), "janitor")
    met = wire.send("GET", f"{REST}/registered-models/get", query={"name": _NOBODYS})
    if not is_mlflow(met, _NOBODYS):
        raise Mismatch("MLflow's own word that nobody made a model of that name", str(met))
    for stage in ("ACTIVE_ONLY", "DELETED_ONLY")[: 1 + deleted]:
        names = _names(wire, "experiments", "experiments", view_type=stage)
        yield from (Made(EXPERIMENT, name, door.name) for name in names)
    yield from (Made(MODEL, name, door.name) for name in _names(wire, "registered-models", "registered_models"))
    if target.bucket is not None:
        prefix = f"{target.bucket.prefix}/" if target.bucket.prefix else ""
        root = f"{prefix}{placed('', target.workspace)}"
        keys, unfinished = _keys(target.bucket, f"{root}verify-")
        folders = dict.fromkeys(key.removeprefix(root).partition("/")[0] for key in keys)
        yield from (Made(ARTIFACT, folder, door.name) for folder in folders)
        yield from (Made(UPLOAD, key.removeprefix(root), door.name) for key in unfinished)


def _keys(access: BucketAccess, begin: str) -> tuple[Iterable[str], Iterable[str]]:
    """Return the keys with this prefix, of objects and of unfinished uploads."""
    try:
        bucket = Bucket(access, Evidence())
        return bucket.version_keys(begin), bucket.unfinished_keys(begin)
    except BucketError as problem:
        raise Mismatch("a list of what the bucket holds", str(problem)) from problem


def _names(wire: MlflowHttp, verb: str, field: str, **more: str) -> Iterator[str]:
    """Yield the names of all experiments or models that start like a run's, page by page."""
    token = ""
    for _ in range(_PAGES):
        query = {"filter": "name LIKE 'verify-%'", "max_results": "1000", **more}
        query |= {"page_token": token} if token else {}
        met = wire.send("GET", f"{REST}/{verb}/search", query=query)
        if not met.ok:
            raise Mismatch(f"a list of {verb}", str(met))
        yield from (str(each["name"]) for each in met.document.get(field, ()))
        token = str(met.document.get("next_page_token") or "")
        if not token:
            return
    raise Mismatch(f"a list of {verb} that ends", f"more than {_PAGES} pages")


def _files(ledgers: Path) -> list[Path]:
    """Return the ledgers of all runs in order of their names, which is chronological."""
    return sorted(ledgers.glob("*.sqlite"))
