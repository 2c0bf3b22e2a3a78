"""The ledger of a run: the objects it may have created on a third-party target, recorded beforehand.

It is one SQLite file, so that every process of a run can append, and a line is on disk before its request is sent.
Lines are never changed. Each has a digest of itself and the previous line, and the header names the run and its target:
an edited, renamed, linked or copied file is recognised and rejected.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from registry_conformance.judge.target.requests import ARTIFACT, EXPERIMENT, KINDS, MODEL, UPLOAD, Made
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.target.workspace import experiment_folder, within

RUN_ID = re.compile(r"verify-[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
"""What a run is called: its id has the moment in it, in UTC, at which it began."""
_VERSION = 1
_MADE, _FOUND, _ID, _REFUSED, _ENDED, _GONE = "made", "found", "id", "refused", "ended", "gone"
_UNSENT = "unsent"
_WROTE = "wrote"
_SCHEMA = """
CREATE TABLE header (version INTEGER, run TEXT, target TEXT, began REAL, seconds REAL, host TEXT, lines INTEGER,
    digest TEXT);
CREATE TABLE lines (number INTEGER PRIMARY KEY, event TEXT, kind TEXT, name TEXT, id TEXT, door TEXT, at REAL,
    digest TEXT);
CREATE INDEX by_id ON lines (event, kind, id);
"""
_DECODINGS = 8
"""How often a path is decoded in search of a climb: MLflow decodes until nothing changes any more."""


class LedgerError(RuntimeError):
    """A file is not the expected ledger; the message says which file, why, and that nothing is deleted."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a ledger: run, target, start, time limit in seconds, and machine."""

    run: str
    target: str
    began: float
    seconds: float
    host: str


def bears(name: str, run: str) -> bool:
    """Return whether a name is a run id, or starts with it and a hyphen."""
    return name == run or name.startswith(f"{run}-")


def climbs(path: str) -> bool:
    """Return whether a path leaves its starting folder, however often it is encoded."""
    for _ in range(_DECODINGS):
        if any(segment in (".", "..") for segment in path.replace("\\", "/").split("/")):
            return True
        path = unquote(path)
    return False


def is_own(kind: str, name: str, run: str, experiments: Mapping[str, str], workspace: str = "") -> bool:
    """Return whether an object of that kind and name is a run's own.

    ``experiments`` are the run's, id -> name: objects below such an id in the run's ``workspace`` are the run's, like
    objects that carry its name. The folder of an experiment itself is not: others may write there too.
    """
    if kind in (EXPERIMENT, MODEL):
        return bears(name, run)
    path = within(name, workspace)
    folder = experiment_folder(name, workspace, experiments)
    inside = bool(folder) and any(path.removeprefix(folder).split("/"))
    return (inside or any(bears(segment, run) for segment in path.split("/"))) and not climbs(name)


def create(file: Path, header: Header) -> None:
    """Create an empty ledger, readable by its owner only; raise ``LedgerError`` if the run has one already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise LedgerError(f"{file}: this run has a ledger already; give each run an id of its own") from None
    with closing(sqlite3.connect(file)) as ledger, ledger:
        ledger.executescript(_SCHEMA)
        row = (_VERSION, header.run, header.target, header.began, header.seconds, header.host, 0, _first(header))
        ledger.execute("INSERT INTO header VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


@contextmanager
def transaction(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a ledger locked for writing; the changes are on disk afterwards, or rolled back."""
    with closing(
        sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", timeout=30, isolation_level=None, uri=True)
    ) as ledger:
        ledger.execute("BEGIN IMMEDIATE")
        try:
            yield ledger
        except BaseException:
            ledger.execute("ROLLBACK")
            raise
        ledger.execute("COMMIT")


def note_made(ledger: sqlite3.Connection, made: Made) -> None:
    """Append that an object is about to be created."""
    _append(ledger, _MADE, made, "")


def note_found(ledger: sqlite3.Connection, made: Made) -> None:
    """Append that an object with the run's name was found, of a run whose own ledger is lost."""
    _append(ledger, _FOUND, made, "")


def note_written(ledger: sqlite3.Connection, door: str, entry: str) -> None:
    """Append once that a file is about to be written in this entry of the folder of an experiment of the run."""
    known = ledger.execute("SELECT 1 FROM lines WHERE event = ? AND kind = ? AND id = ?", (_WROTE, ARTIFACT, entry))
    if known.fetchone() is None:
        _append(ledger, _WROTE, Made(ARTIFACT, entry, door), entry)


def note_id(ledger: sqlite3.Connection, made: Made, own_id: str) -> None:
    """Append the target's id of an object."""
    _append(ledger, _ID, made, own_id)


def note_refused(ledger: sqlite3.Connection, made: Made) -> None:
    """Append that a request to create an object was rejected; earlier ones may have succeeded."""
    _append(ledger, _REFUSED, made, "")


def note_unsent(ledger: sqlite3.Connection, made: Made) -> None:
    """Append that a request to create an object never left this machine; earlier ones may have succeeded."""
    _append(ledger, _UNSENT, made, "")


def note_ended(ledger: sqlite3.Connection, made: Made, own_id: str) -> None:
    """Append that a multipart upload was completed or aborted, or that a model or an experiment was deleted."""
    _append(ledger, _ENDED, made, own_id)


def note_gone(ledger: sqlite3.Connection, made: Made) -> None:
    """Append that an object no longer exists."""
    _append(ledger, _GONE, made, "")


def experiments(ledger: sqlite3.Connection) -> dict[str, str]:
    """Return id -> name of the experiments that the run created."""
    found = ledger.execute("SELECT id, name FROM lines WHERE event = ? AND kind = ?", (_ID, EXPERIMENT))
    return {str(own_id): str(name) for own_id, name in found}


def written(ledger: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the folders of the run's experiments, such as ``7``, each with the entries in which the run wrote."""
    found: dict[str, set[str]] = {}
    own = experiments(ledger)
    for (entry,) in ledger.execute("SELECT name FROM lines WHERE event = ?", (_WROTE,)):
        folder = experiment_folder(str(entry), "", own)
        found.setdefault(folder, set()).add(str(entry).removeprefix(f"{folder}/"))
    return found


def is_adopted(ledger: sqlite3.Connection) -> bool:
    """Return whether the run's own ledger is lost, so that this one does not know all that the run wrote."""
    return ledger.execute("SELECT 1 FROM lines WHERE event = ?", (_FOUND,)).fetchone() is not None


def header(file: Path) -> Header:
    """Return the header of a ledger file; raise ``LedgerError`` if it is none, or of another run than its name says."""
    _regular(file)
    with reading(file) as ledger:
        return _header(ledger, file)[0]


def left(file: Path, target: str) -> list[Made]:
    """Return what may still exist, the newest first.

    Raises ``LedgerError`` if the file is not the run's unmodified ledger for ``target``; one of another target may hold
    nothing.
    """
    _regular(file)
    with reading(file) as ledger:
        found, count, digest = _header(ledger, file)
        rows = ledger.execute("SELECT number, event, kind, name, id, door, at, digest FROM lines ORDER BY number")
        lines = rows.fetchall()
    _unbroken(file, found, lines, count, digest)
    standing = _standing(file, found, lines)
    if standing and not same_target(found.target, target):
        raise LedgerError(f"{file}: is the ledger of another target, {_shown(found.target)}; nothing in it is removed")
    return standing


def describe_target(doors: Mapping[str, str], bucket: str, workspace: str = "") -> str:
    """Return a target's description for ledgers: the URLs of its doors, its bucket if known, its workspace."""
    urls = sorted({url.rstrip("/") for url in doors.values()})
    return json.dumps({"doors": urls, "bucket": bucket, "workspace": workspace})


def workspace_of(described: str) -> str:
    """Return the workspace in a target's description, empty if it has none."""
    try:
        return str(json.loads(described)["workspace"])
    except (ValueError, TypeError, KeyError):  # written before there were any
        return ""


def identity_of(target: Target) -> str:
    """Return the identity of a target in ledgers."""
    held = target.bucket
    place = f"{held.endpoint.rstrip('/')}/{held.bucket}/{held.prefix.strip('/')}" if held else ""
    return describe_target({door.name: door.url for door in target.doors}, place, target.workspace)


def same_target(written: str, asked: str) -> bool:
    """Return whether two descriptions are of one target: a common door and workspace, and no different buckets."""
    try:
        one, other = json.loads(written), json.loads(asked)
        doors = {*one["doors"]} & {*other["doors"]}
        buckets = {one["bucket"], other["bucket"]} - {""}
    except (ValueError, TypeError, KeyError):
        return False
    return bool(doors) and len(buckets) < 2 and workspace_of(written) == workspace_of(asked)


def _append(ledger: sqlite3.Connection, event: str, made: Made, own_id: str) -> None:
    count, before = ledger.execute("SELECT lines, digest FROM header").fetchone()
    line = (count + 1, event, made.kind, made.name, own_id, made.door, time.time())
    digest = _next(before, line)
    ledger.execute("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*line, digest))
    ledger.execute("UPDATE header SET lines = ?, digest = ?", (count + 1, digest))


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a ledger for reading; raise ``LedgerError`` if that fails.

    A half-written line of a killed process is rolled back first, which a read-only connection could not do.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", timeout=30, uri=True)) as ledger:
            ledger.execute("PRAGMA query_only = ON")
            yield ledger
    except (sqlite3.Error, TypeError, ValueError) as problem:
        raise LedgerError(f"{file}: is no ledger of a run: {problem}") from problem


def _regular(file: Path) -> None:
    """Raise ``LedgerError`` unless the path is a regular file with a single link."""
    try:
        about = file.lstat()
    except OSError as problem:
        raise LedgerError(f"{file}: cannot be read: {problem.strerror}") from problem
    if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
        raise LedgerError(f"{file}: is a link, or has a second name; a ledger lies where its run wrote it")


def _header(ledger: sqlite3.Connection, file: Path) -> tuple[Header, int, str]:
    """Return the header, the number of lines, and the digest of the last."""
    version, *about, count, digest = ledger.execute(
        "SELECT version, run, target, began, seconds, host, lines, digest FROM header"
    ).fetchone()
    if version != _VERSION:
        raise LedgerError(f"{file}: is a ledger of version {version}, and this suite reads version {_VERSION}")
    found = Header(str(about[0]), str(about[1]), float(about[2]), float(about[3]), str(about[4]))
    if not RUN_ID.fullmatch(found.run) or file.stem != found.run:
        raise LedgerError(f"{file}: is the ledger of the run {found.run!r}, which its name must be; nothing is removed")
    return found, int(count), str(digest)


def _unbroken(file: Path, about: Header, lines: list[tuple[object, ...]], count: int, last: str) -> None:
    """Raise ``LedgerError`` unless the chain of digests is complete."""
    digest = _first(about)
    for number, (*line, written) in enumerate(lines, 1):
        digest = _next(digest, tuple(line))
        if written != digest:
            raise LedgerError(f"{file}: line {number} is not as the run wrote it; nothing in this ledger is removed")
    if len(lines) != count or digest != last:
        raise LedgerError(f"{file}: has {len(lines)} lines, and not the {count} that the run wrote; nothing is removed")


def _standing(file: Path, about: Header, lines: list[tuple[object, ...]]) -> list[Made]:
    """Return the objects that no line reports as gone; raise ``LedgerError`` if one is not the run's own."""
    run, workspace = about.run, workspace_of(about.target)
    there: dict[tuple[str, str], Made] = {}
    own: dict[str, str] = {}
    for number, event, kind, name, own_id, door, _, _ in (tuple(map(str, line)) for line in lines):
        if kind not in KINDS or not is_own(kind, name, run, own, workspace):
            raise LedgerError(f"{file}: line {number}, the {kind} {name[:200]!r}, does not bear the run's name, {run}")
        if event == _WROTE:
            continue  # it goes with its experiment
        if event == _ID and kind == EXPERIMENT:
            own[own_id] = name
        known = there.pop((kind, name), None)
        if after := _after(event, own_id, known or Made(kind, name, door)):
            there[kind, name] = after
    return list(reversed(there.values()))


def _after(event: str, own_id: str, made: Made) -> Made | None:
    """Return the state of an object after a line about it, ``None`` if it cannot exist any more."""
    if event == _GONE:
        return None
    if event in (_MADE, _FOUND):
        return replace(made, unanswered=made.unanswered + 1, deleted=False)
    if event == _ID:
        return replace(made, ids=(*made.ids, own_id), unanswered=made.unanswered - 1)
    if event == _UNSENT:
        made = replace(made, unanswered=made.unanswered - 1)
        return made if made.ids or made.unanswered > 0 else None
    if event == _REFUSED:
        made = replace(made, unanswered=made.unanswered - 1)
    elif made.kind in (MODEL, EXPERIMENT):
        made = replace(made, deleted=True)
    else:  # an upload of this id was joined or given up
        made = replace(made, ids=tuple(known for known in made.ids if known != own_id))
    return None if made.kind == UPLOAD and not made.ids and made.unanswered < 1 else made


def _first(about: Header) -> str:
    return _digest([_VERSION, about.run, about.target, about.began, about.seconds, about.host])


def _next(before: str, line: tuple[object, ...]) -> str:
    return _digest([before, *line])


def _digest(fields: list[object]) -> str:
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _shown(target: str) -> str:
    try:
        return ", ".join(json.loads(target)["doors"])
    except (ValueError, TypeError, KeyError):
        return repr(target[:200])
