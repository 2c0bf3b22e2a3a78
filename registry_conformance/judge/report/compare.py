"""``compare`` and ``render``: find runs by the names that users give, and print changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from registry_conformance.judge.limited_reading import read_bytes
from registry_conformance.judge.report.changes import LISTS, TITLES, RunChanges
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.read import UnreadableError, read
from registry_conformance.judge.report.run_snapshot import RunSnapshot, SnapshotError
from registry_conformance.judge.report.write import LATEST, RUNS, VERDICTS
from registry_conformance.judge.suggestion import nearest


def run_named(name: str, reports: Path) -> RunSnapshot:
    """Return the run that a user named by file, folder, run id or ``latest``; raise ``UnreadableError``."""
    file = found(name, reports)
    if file.name.endswith(".json.gz"):
        try:
            return RunSnapshot.unpack(read_bytes(file))
        except OSError as problem:
            raise UnreadableError(f"{file}: {problem.strerror or problem}") from problem
        except SnapshotError as problem:
            raise UnreadableError(f"{file}: {problem}") from problem
    return RunSnapshot.of(read(file, Spool()))


def found(name: str, reports: Path) -> Path:
    """Return the file of a run; raise ``UnreadableError`` if nothing has that name."""
    given = Path(name)
    places = (given / VERDICTS, given, reports / name / VERDICTS, reports / RUNS / name / VERDICTS)
    kept = History(reports).find(name) if given.name == name else None
    for place in (*places, *([kept] if kept else [])):
        if _is_file(place):
            return place
    if name == LATEST:
        raise UnreadableError(f"{name}: there is no run in {reports} yet; name a verdicts.json, or its folder")
    near = similar_runs(name, reports)
    meant = f"did you mean {' or '.join(near)}? Name" if near else "name"
    raise UnreadableError(
        f"{name}: no such run; {meant} a verdicts.json, its folder, {LATEST}, or the id of a run in {reports / RUNS}"
    )


def similar_runs(name: str, reports: Path) -> list[str]:
    """Return the names of runs most similar to the given one."""
    runs = [folder.name for folder in (reports / RUNS).glob("*")] if (reports / RUNS).is_dir() else []
    return nearest(name, [LATEST, *runs])


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError:  # a name that is too long for any file
        return False


def comparison_lines(before: RunSnapshot, after: RunSnapshot, changes: RunChanges) -> Iterator[str]:
    """Yield what changed, line by line."""
    for word, night in (("from", before), ("to", after)):
        yield f"{word + ':':<6}{night.run} ({night.started}) {night.sentence}"
    if before.series != after.series:
        yield f"note: these are of two series: {before.series!r} and {after.series!r}"
    for name in LISTS:
        if listed := getattr(changes, name):
            yield ""
            yield f"{TITLES[name].upper()} ({len(listed)})"
        for each in listed:
            ids = f"{', '.join(each.requirements)} " if each.requirements else ""
            yield f"  {ids}{each.name}: {each.before} -> {each.after}{f': {each.why}' if each.why else ''}"
    yield ""
    counted = [f"{len(getattr(changes, name))} {TITLES[name]}" for name in LISTS if getattr(changes, name)]
    yield f"{', '.join(counted) if counted else 'nothing changed'}"
