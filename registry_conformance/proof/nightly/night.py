"""A nightly run on disk: its results so far, so that it can be resumed, and earlier nightly runs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.report.forms import conforms
from registry_conformance.proof.nightly.form import NightForm
from registry_conformance.proof.nightly.result import Result

NIGHTS = "nights"
LATEST = "latest"
SCHEMA = "nights.v1"
_RECORD = "night.json"
_SEVERITY = (1, 3, 4, 6, 7, 5, 2)
"""Exit codes that are not 0, the one that counts first at the beginning."""


class BusyError(RuntimeError):
    """Another nightly run is active; the message says since when."""


@dataclass(frozen=True, slots=True)
class NightRun:
    """A night: its folder, when it started, what ended, and when all did (empty before)."""

    folder: Path
    started: str
    results: tuple[Result, ...] = ()
    finished: str = ""
    told: str = ""
    changed: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """The exit code: 0 if each target's is, else the most severe one."""
        codes = {result.exit_code for result in self.results}
        return next((code for code in _SEVERITY if code in codes), max(codes, default=0))

    def document(self) -> dict[str, Any]:
        """Return it in the form of ``night.json``."""
        return {
            "schema": SCHEMA,
            "night": self.folder.name,
            "started": self.started,
            "finished": self.finished,
            "exit_code": self.exit_code,
            "changed": list(self.changed),
            "told": self.told,
            "targets": [result.document() for result in self.results],
        }

    def write(self) -> None:
        """Write the record atomically."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.folder / f".{_RECORD}.tmp"
        part.write_text(json.dumps(self.document(), indent=1) + "\n")
        part.replace(self.folder / _RECORD)

    def with_result(self, result: Result) -> NightRun:
        """Return the night with one more result, written."""
        night = replace(self, results=(*self.results, result))
        night.write()
        return night


def begin(reports: Path) -> NightRun:
    """Return a new nightly run, written; its name sorts after all earlier ones, even of the same second."""
    now = datetime.now(UTC)
    home = reports / NIGHTS
    named = now
    while (folder := home / f"night-{named:%Y%m%d-%H%M%S}").exists():
        named += timedelta(seconds=1)
    night = NightRun(folder, now.isoformat(timespec="seconds"))
    night.write()
    return night


def nights(reports: Path) -> list[NightRun]:
    """Return all nightly runs, oldest first; unreadable ones are left out."""
    found = []
    for file in sorted((reports / NIGHTS).glob(f"night-*/{_RECORD}")):
        try:
            raw = json.loads(read_text(file))
            conforms(NightForm, raw)
            results = tuple(Result.of_document(each) for each in raw["targets"])
            found.append(
                NightRun(file.parent, raw["started"], results, raw["finished"], raw["told"], tuple(raw["changed"]))
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def publish(night: NightRun, keep: int) -> list[Path]:
    """Point ``latest`` to a nightly run, delete all but the ``keep`` newest, and return the deleted ones."""
    home = night.folder.parent
    link = home / f".{LATEST}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(night.folder.name, target_is_directory=True)
    link.replace(home / LATEST)
    gone = [folder for folder in sorted(home.glob("night-*"))[:-keep] if folder != night.folder and folder.is_dir()]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def copy_run(run: Path, into: Path) -> None:
    """Copy the files of a run, except Allure's, into a nightly run, as hard links if possible."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in run.iterdir():
        if file.is_file() and not file.name.startswith("allure"):
            (into / file.name).unlink(missing_ok=True)
            try:
                os.link(file, into / file.name)
            except OSError:
                shutil.copy2(file, into / file.name)


@contextmanager
def alone(reports: Path) -> Iterator[int]:
    """Lock a reports folder and yield the lock; raise ``BusyError`` if another nightly run holds it.

    Child processes inherit it: a run that still cleans up keeps others out.
    """
    (reports / NIGHTS).mkdir(parents=True, exist_ok=True)
    with (reports / NIGHTS / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            file.seek(0)
            raise BusyError(f"another night is under way in {reports}: {file.read().strip()}") from problem
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n")
        file.flush()
        yield file.fileno()
