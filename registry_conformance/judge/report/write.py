"""The reports folder: one folder a run, and ``latest``; each file is complete or absent."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from registry_conformance.judge.owned_file import open_owned
from registry_conformance.judge.report import (
    allure,
    allure_history,
    attestation,
    badge,
    ctrf,
    github,
    har,
    junit,
    markdown,
    page,
    verdicts_json,
)
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.parallel import parallel
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.summary import summary
from registry_conformance.judge.report.trace import TraceIndex

RUNS = "runs"
LATEST = "latest"
VERDICTS = "verdicts.json"
ALLURE_RESULTS = "allure-results"
_COMPLETE = {VERDICTS: verdicts_json.SCHEMA, "faults.json": "faults.v1", "mutants.json": "mutants.v1"}
"""File -> the schema of it: a folder that holds one is a complete run, or a complete proof by faults or mutants."""
FORMATS: Mapping[str, tuple[str, Callable[[RunRecord], Iterable[bytes]]]] = {
    "junit": ("junit.xml", lambda run: [junit.render(run)]),
    "ctrf": ("ctrf.json", ctrf.chunks),
    "summary": ("summary.txt", lambda run: (f"{line}\n".encode() for line in summary(run))),
    "markdown": ("summary.md", markdown.render),
    "annotations": ("annotations.txt", github.render),
    "badge": ("badge.svg", badge.render),
    "page": ("index.html", page.render),
    "har": ("exchanges.har", har.chunks),
    "allure config": ("allurerc.json", lambda run: [json.dumps(allure_history.config(run), indent=1).encode()]),
}
"""Format -> its file and its renderer; Allure results are separate, ``verdicts.json`` is written last."""
_Record = TypeVar("_Record", RunRecord, CheckRecord)
_REMEDY = "or write elsewhere with --report-dir=DIR"
_ROOM = 64 * 1024
_OWNERS_ALONE = 0o077
"""The permission bits of others, which are removed from the files and folders of a report."""
_CAUSES = {
    (errno.EROFS, errno.EACCES, errno.EPERM): f"it is read-only for this user; make it writable, {_REMEDY}",
    (
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EISDIR,
    ): f"something that is no report folder is in the way; move it, {_REMEDY}",
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG): f"there is no room left on the disk; free some, {_REMEDY}",
}


class ReportFolderError(Exception):
    """Reports cannot be written; the message says where, why and what to do."""


def check_writable(reports: Path) -> None:
    """Create ``reports`` and verify with a small file that it is writable; raise ``ReportFolderError``."""
    with explained(reports):
        (reports / RUNS).mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=reports, prefix=".room-", suffix=".tmp") as probe:
            probe.write(bytes(_ROOM))
            probe.flush()
            os.fsync(probe.fileno())


def write(
    run: RunRecord,
    folder: Path,
    redactor: Redactor,
    hops: TraceIndex | None = None,
    history: History | None = None,
    *,
    keep: bool = True,
    signer: Any = None,
) -> dict[str, Path]:
    """Write every format into ``folder``, redacted, and return format -> path.

    ``hops`` adds to each exchange what the parts wrote down of it; ``history`` adds what changed, and keeps the run
    unless it is only told anew. ``signer`` signs the attestation, as ``attestation.signer`` returns it.
    ``verdicts.json`` comes last, but for what attests it: a folder that holds one is complete. Of the evidence one
    check is in memory at a time.
    Raises ``ReportFolderError``; no file is left half written.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        clean = redacted(run, redactor, Spool(folder), hops or TraceIndex({}, {}))
        clean = history.with_history(clean) if history else clean
        nights = history.nights(run.series, allure_history.NIGHTS, run.started) if history else []
        results = folder / ALLURE_RESULTS
        with parallel(lambda: _put_folder(results, lambda inside: allure.write_results(clean, inside))):
            paths = {name: _put(folder / file, render(clean)) for name, (file, render) in FORMATS.items()}
        paths |= {
            "allure": results,
            "allure history": _put(folder / allure_history.HISTORY, allure_history.lines(nights)),
            "verdicts": _put(folder / VERDICTS, verdicts_json.chunks(clean)),
        }
        told = attestation.text(attestation.statement(clean, paths["verdicts"]))
        paths["attestation"] = _put(folder / attestation.STATEMENT, [told])
        if signer is not None:
            paths["envelope"] = _put(folder / attestation.ENVELOPE, [attestation.signed(told, signer)])
        if history and keep:
            history.keep(clean)
        return paths


def redacted(run: RunRecord, redactor: Redactor, spool: Spool, hops: TraceIndex) -> RunRecord:
    """Return ``run`` with all secrets redacted, its evidence in ``spool``; the register is left as it is."""
    records = []
    for record in run.records:
        evidence = spool.keep(redactor.value(item) for item in hops.traced(record.evidence))
        records.append(replace(_redacted_fields(record, redactor), evidence=evidence))
    return replace(_redacted_fields(run, redactor), records=records)


def publish(reports: Path, folder: Path) -> None:
    """Point ``reports/latest`` to the run in ``folder`` atomically; the last of several concurrent runs wins."""
    link = reports / f".{LATEST}-{folder.name}-{os.getpid()}"
    with explained(reports):
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(folder, reports), target_is_directory=True)
        try:
            link.replace(reports / LATEST)
        except OSError:
            link.unlink(missing_ok=True)
            raise


def publish_files(reports: Path, folder: Path, files: Mapping[str, bytes], kept: str = "") -> None:
    """Write files to a run's folder and point ``latest`` to it; ``kept`` is also written to ``reports``.

    Raises ``ReportFolderError``.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            _put(folder / name, [data])
        if kept:
            _put(reports / kept, [files[kept]])
    publish(reports, folder)
    prune(reports)


def prune(reports: Path, keep: int = 20) -> list[Path]:
    """Delete all but the ``keep`` newest complete runs and return their names.

    Only real folders with a ``verdicts.json`` or ``faults.json`` of this suite's schema count; the target of ``latest``
    is kept.
    """
    latest = (reports / LATEST).resolve()
    ours = sorted(filter(_is_run, (reports / RUNS).glob("*")), key=_finished, reverse=True)
    gone = [folder for folder in ours[keep:] if folder.resolve() != latest]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)  # a second run may be deleting it too
    return gone


def _is_run(folder: Path) -> bool:
    if folder.is_symlink():
        return False
    for name, schema in _COMPLETE.items():
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                return f'"schema": "{schema}"'.encode() in file.read(100)
    return False


def _finished(folder: Path) -> float:
    try:
        return max((folder / name).stat().st_mtime for name in _COMPLETE if (folder / name).exists())
    except (FileNotFoundError, ValueError):
        return 0.0


def _redacted_fields(record: _Record, redactor: Redactor) -> _Record:
    kept = {"register", "records", "verdict", "evidence"}
    changes: dict[str, Any] = {
        field.name: redactor.value(getattr(record, field.name)) for field in fields(record) if field.name not in kept
    }
    return replace(record, **changes)


def _put(path: Path, data: Iterable[bytes]) -> Path:
    part = path.with_name(f".{path.name}.tmp")
    try:
        with open_owned(part) as file:
            file.writelines(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return path


def _put_folder(path: Path, fill: Callable[[Path], None]) -> None:
    part = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(part, ignore_errors=True)
    try:
        fill(part)
        if path.exists():
            shutil.rmtree(path)
        part.replace(path)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raise an ``OSError`` of the block as ``ReportFolderError`` about ``folder``.

    Files that the block writes are readable by their owner only.
    """
    usual = os.umask(_OWNERS_ALONE)
    try:
        yield
    except OSError as problem:
        known = (cause for codes, cause in _CAUSES.items() if problem.errno in codes)
        cause = next(known, f"{problem.strerror or problem}; correct that, {_REMEDY}")
        raise ReportFolderError(f"cannot write reports to {folder}: {cause}") from problem
    finally:
        os.umask(usual)
