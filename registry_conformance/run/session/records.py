"""The records of a run so far."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace

import pytest

from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.verdict import Verdict

_PHASES = {"setup", "call", "teardown"}


class Records:
    """The record of each check by node id, the worst if there are several; evidence is kept on disk."""

    def __init__(self) -> None:
        self._judged: dict[str, CheckRecord] = {}
        self._begun: dict[str, CheckRecord] = {}
        self._spool = Spool()

    def __len__(self) -> int:
        return len(self._judged)

    def all(self) -> list[CheckRecord]:
        """Return the records of the finished checks, in that order."""
        return list(self._judged.values())

    def ended(self, report: pytest.TestReport) -> CheckRecord | None:
        """Return the record of a check that a report finishes, ``None`` if it goes on; an error if its worker died."""
        raw = getattr(report, "check", None)
        if raw is None:
            died = report.when not in _PHASES
            return CheckRecord(report.nodeid, (), Verdict.ERROR, 0.0, message=str(report.longrepr)) if died else None
        record: CheckRecord = pickle.loads(raw)  # noqa: S301 - from a worker of this run
        if report.when == "setup":
            self._begun[record.nodeid] = record
            return None
        return record

    def keep(self, record: CheckRecord) -> bool:
        """Store a record, the worst if there are several: a check that runs again after a crash still crashed.

        Return whether it is the first of its check.
        """
        kept = replace(record, evidence=self._spool.keep(record.evidence))
        first = record.nodeid not in self._judged
        before = self._judged.get(record.nodeid) or self._begun.get(record.nodeid)
        self._judged[record.nodeid] = before.or_worse(kept) if before else kept
        return first

    def excuse(self, judged: Sequence[CheckRecord]) -> None:
        """Replace all records by these."""
        self._judged = {record.nodeid: record for record in judged}
