"""A check has one record, the worst of those that came (kind: a later answer that covers an earlier one)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import check, run_of

BEGUN = CheckRecord("a::b", ("ROU-001",), Verdict.UNTESTED, 0.0, claim="It works.", door="canonical", started=1.0)
DIED = CheckRecord("a::b", (), Verdict.ERROR, 0.0, message="worker 'gw0' crashed while running 'a::b'")
PASSED = CheckRecord("a::b", ("ROU-001",), Verdict.PASSED, 0.1, claim="It works.", door="canonical", started=2.0)


def test_death_of_a_worker_outlives_the_rerun() -> None:
    """A check whose worker died is an error, though it passed when it ran again, in either order."""
    for one, other in ((DIED, PASSED), (PASSED, DIED)):
        record = one.or_worse(other)

        assert (record.verdict, record.message) == (Verdict.ERROR, DIED.message)
        assert (record.requirements, record.claim, record.door) == (("ROU-001",), "It works.", "canonical")


def test_death_of_a_worker_counts_for_the_requirement() -> None:
    """A check that never ran again still has its requirements, from when it began."""
    record = BEGUN.or_worse(DIED)

    assert (record.verdict, record.requirements, record.started) == (Verdict.ERROR, ("ROU-001",), 1.0)


def test_reports_are_their_owners_alone(tmp_path: Path) -> None:
    """No file or folder of a report can be read by anybody else (kind: a mode left to the machine's default)."""
    folder, usual = tmp_path / "runs" / "one", os.umask(0)
    try:
        write(run_of(check("a", Verdict.FAILED, "ROU-001")), folder, Redactor(()))
        for name in ("index.html", ".index.html.tmp", "junit.xml"):  # of another run, or of one that was killed
            (folder / name).touch(0o666)
            (folder / name).chmod(0o666)
        write(run_of(check("a", Verdict.FAILED, "ROU-001")), folder, Redactor(()))
    finally:
        os.umask(usual)
    open_to_others = [path for path in tmp_path.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]

    assert open_to_others == []
