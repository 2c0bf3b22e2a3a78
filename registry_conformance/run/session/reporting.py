"""What a run writes: its reports, the logs of a failed one, and the duration of each check."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.owned_file import write_owned
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.secret_scan import giving_away
from registry_conformance.judge.report.summary import summary
from registry_conformance.judge.report.trace import TraceIndex
from registry_conformance.judge.report.write import (
    ALLURE_RESULTS,
    ReportFolderError,
    explained,
    prune,
    publish,
    write,
)
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.visible import visible
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import Settings

_SECONDS = "conformance/seconds"


def report(
    run: RunRecord,
    reports: Path,
    target: Target | None,
    redactor: Redactor,
    say: Callable[[str], None],
    told: Callable[[RunRecord, str], list[str]] = summary,
    signer: Any = None,
) -> Exit:
    """Write and publish the reports of a run and say its summary; return its exit code, 4 if none can be written.

    What the target's logs and records say of each exchange stands beside it. The logs themselves are kept beside a red
    report, without secrets: with the stack they go. After a visit, every file that was written since it began is
    searched for secrets. ``told`` renders the summary, given the run and the name of the folder that holds
    the rest; ``signer`` signs the attestation, if there is a key.
    """
    logs, links = (target.logs, target.records) if target else ({}, {})
    code = Exit(run.exit_code)
    folder, published = reports / "runs" / run.run_id, True
    try:
        write(run, folder, redactor, TraceIndex(logs, links), History(reports), signer=signer)
        if code != Exit.OK:
            with explained(folder):
                _keep(logs, folder / "logs", redactor)
        publish(reports, folder)
        prune(reports)
    except ReportFolderError as problem:
        say(str(problem))
        code, published = Exit.USAGE, False
    latest = reports / "latest"
    if target is not None and target.kind == "live":
        began = datetime.fromisoformat(run.started).timestamp()
        for file in giving_away(reports, redactor, since=began):
            say(
                f"SECRET in {file.relative_to(reports)}: pass it on to nobody, and report this as a defect of the suite"
            )
            code = Exit.FAILED
    shown = str(latest.relative_to(ROOT) if latest.is_relative_to(ROOT) else latest)
    for line in told(run, shown if published else ""):
        say(visible(redactor.text(line)))
    return code


def share_allure(run: RunRecord, settings: Settings, say: Callable[[str], None], code: Exit) -> Exit:
    """Copy the run's Allure results to the requested folder; return ``code``, or 4 if that fails."""
    if settings.allure is None:
        return code
    results = settings.report_dir / "runs" / run.run_id / ALLURE_RESULTS
    try:
        with explained(settings.allure):
            if settings.allure_cleaned and settings.allure.is_dir():
                for file in filter(Path.is_file, settings.allure.iterdir()):
                    file.unlink()
            shutil.copytree(results, settings.allure, dirs_exist_ok=True)
    except ReportFolderError as problem:
        say(str(problem))
        return Exit.USAGE
    return code


def _keep(logs: Mapping[str, Path], folder: Path, redactor: Redactor) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, log in logs.items():
        if log.exists():
            write_owned(folder / f"{part}.log", redactor.text(log.read_text(errors="replace")))


def cache_folder(config: pytest.Config) -> Path | None:
    """Return pytest's persistent cache folder, ``None`` if its cache is disabled."""
    cache = getattr(config, "cache", None)
    return cache.mkdir("conformance") if cache is not None else None


def durations(config: pytest.Config) -> dict[str, float]:
    """Return node id -> seconds of a check's last run."""
    cache = getattr(config, "cache", None)
    return dict(cache.get(_SECONDS, {})) if cache is not None else {}


def remember_durations(config: pytest.Config, records: Sequence[CheckRecord]) -> None:
    """Store the duration of each check for the next run's time estimate."""
    cache = getattr(config, "cache", None)
    if cache is not None and records:
        took = {record.nodeid: round(record.seconds, 3) for record in records}
        cache.set(_SECONDS, durations(config) | took)
