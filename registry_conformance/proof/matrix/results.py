"""The results of a matrix run on disk: written after each cell, read to continue or compare."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from registry_conformance.judge.machine import suite_version
from registry_conformance.proof.matrix.cell import UNKNOWN, Cell, Outcome

HOME = "matrix"
LATEST = "latest"
CELLS = "cells"
SCHEMA = "matrix.v1"
_RECORD = "results.json"


class MatrixResultsError(ValueError):
    """A record of results cannot be read; the message names the file."""


@dataclass
class MatrixResults:
    """The outcomes of a run of the matrix, in the order in which they came; ``finished`` is empty before its end."""

    folder: Path
    started: str
    outcomes: dict[Cell, Outcome] = field(default_factory=dict)
    finished: str = ""
    suite: str = field(default_factory=suite_version)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, outcome: Outcome) -> None:
        """Store a result, also on disk; thread-safe."""
        with self._lock:
            self.outcomes[outcome.cell] = outcome
            self.write()

    def write(self) -> None:
        """Write the record atomically."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        document = {
            "schema": SCHEMA,
            "started": self.started,
            "finished": self.finished,
            "suite": self.suite,
            "cells": [outcome.document() for outcome in self.outcomes.values()],
        }
        part = self.folder / f".{_RECORD}.tmp"
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        part.replace(self.folder / _RECORD)

    def left(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells without a result, or that could not be tested."""
        return [cell for cell in cells if cell not in self.outcomes or self.outcomes[cell].answer == UNKNOWN]

    @property
    def is_complete(self) -> bool:
        """Whether it is finished, and every cell could be tested."""
        return bool(self.finished) and all(outcome.answer != UNKNOWN for outcome in self.outcomes.values())

    @property
    def unexplained(self) -> list[Outcome]:
        """The results that are neither a yes, a green suite nor a known upstream no."""
        return [outcome for outcome in self.outcomes.values() if not outcome.is_explained]

    def changes(self, before: MatrixResults | None) -> list[str]:
        """Return a sentence for each cell whose answer differs from an earlier run."""
        if before is None:
            return []
        return [
            f"{cell}: {before.outcomes[cell].word} before, {outcome.word} now"
            for cell, outcome in self.outcomes.items()
            if cell in before.outcomes and before.outcomes[cell].answer != outcome.answer
        ]


def begin(reports: Path) -> MatrixResults:
    """Return the results of a new run, none yet."""
    now = datetime.now(UTC)
    return MatrixResults(reports / HOME / f"matrix-{now:%Y%m%d-%H%M%S-%f}", now.isoformat(timespec="seconds"))


def read(file: Path) -> MatrixResults:
    """Return the results of a record; raise ``MatrixResultsError``."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        found = [Outcome.of_document(each) for each in raw["cells"]]
        if raw["schema"] != SCHEMA:
            raise MatrixResultsError(f"{file}: has the schema {raw['schema']!r}, not {SCHEMA!r}")
        by_cell = {outcome.cell: outcome for outcome in found}
        return MatrixResults(file.parent, raw["started"], by_cell, raw["finished"], raw["suite"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise MatrixResultsError(f"{file}: is no record of a matrix: {problem}") from problem


def earlier(reports: Path) -> list[MatrixResults]:
    """Return the stored runs, oldest first; unreadable ones are left out."""
    found = []
    for file in sorted((reports / HOME).glob(f"matrix-*/{_RECORD}")):
        try:
            found.append(read(file))
        except MatrixResultsError:
            continue
    return found


def merged(into: MatrixResults, folders: Iterable[Path]) -> MatrixResults:
    """Return results with those of other folders, and the reports of their cells; raise ``MatrixResultsError``."""
    for folder in folders:
        part = read(folder / _RECORD)
        into.started = min(into.started, part.started)
        into.outcomes |= part.outcomes
        for report in (folder / CELLS).glob("*/"):
            shutil.copytree(report, into.folder / CELLS / report.name, dirs_exist_ok=True)
    return into


def publish(results: MatrixResults) -> None:
    """Point ``latest`` at a run."""
    home = results.folder.parent
    link = home / f".{LATEST}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(results.folder.name, target_is_directory=True)
    link.replace(home / LATEST)
