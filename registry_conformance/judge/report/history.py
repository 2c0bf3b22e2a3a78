"""The history in a reports folder: ``history/SERIES/RUN.json.gz``, the newest sixty runs of each series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry_conformance.judge.report.changes import compare
from registry_conformance.judge.report.load import compared
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.run_snapshot import RunSnapshot, SnapshotError

HISTORY = "history"
KEPT = 60
SHOWN = 30
"""Nights that a page shows, and among which flaky checks are looked for: the last ten of them."""
_LOOKED_AT = 10
_BROKEN_OFF = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class History:
    """The history in ``reports``."""

    reports: Path

    def nights(self, series: str, most: int = SHOWN, before: str = "") -> list[RunSnapshot]:
        """Return the newest runs of a series, oldest first, optionally only those before a moment.

        Unreadable ones are left out.
        """
        found = []
        for file in reversed(self._files(series)):
            try:
                night = RunSnapshot.unpack(file.read_bytes())
            except (OSError, SnapshotError):
                continue
            if not before or night.started < before:
                found.append(night)
            if len(found) == most:
                break
        return sorted(found, key=lambda night: night.started)

    def with_history(self, run: RunRecord) -> RunRecord:
        """Return a run with its changes since the last run of its series that verified anything, and the trend.

        A run that is rendered again keeps its changes if its history is not here.
        """
        now = RunSnapshot.of(run)
        past = self.nights(run.series, before=run.started)
        told = [night for night in past if night.checks]
        changes = compare(told[-1], now, told[-_LOOKED_AT:]).document() if told and now.checks else run.changes
        trend = [trend_of(night) for night in (*past, *([now] if run.whole else []))][-SHOWN:]
        load = {**run.load, "compared": compared(run.load, run.run_id, past)} if run.load else None
        return replace(run, changes=changes, trend=trend, load=load)

    def keep(self, run: RunRecord) -> Path | None:
        """Store a completed run and return its file; delete the oldest beyond sixty."""
        if not run.whole or run.exit_code in _BROKEN_OFF:
            return None
        folder = self.reports / HISTORY / slug(run.series)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{run.run_id}.json.gz"
        part = file.with_name(f".{file.name}.tmp")
        part.write_bytes(RunSnapshot.of(run).pack())
        part.replace(file)
        for old in self._files(run.series)[:-KEPT]:
            old.unlink(missing_ok=True)
        return file

    def find(self, run_id: str) -> Path | None:
        """Return the file of a run, in any series."""
        return next((self.reports / HISTORY).glob(f"*/{run_id}.json.gz"), None)

    def _files(self, series: str) -> Sequence[Path]:
        """Return the files of a series, the newest last."""
        return sorted((self.reports / HISTORY / slug(series)).glob("*.json.gz"), key=lambda file: file.stat().st_mtime)


def slug(text: str) -> str:
    """Return a text as a folder name: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "target"


def trend_of(night: RunSnapshot) -> Mapping[str, Any]:
    """Return the figures of a run for the trend chart."""
    return {
        "run": night.run,
        "started": night.started,
        "verdict": str(night.verdict),
        "exit_code": night.exit_code,
        "sentence": night.sentence,
        "checks": dict(night.counts["checks"]),
        "doors": dict(night.doors),
        "seconds": night.seconds,
    }
