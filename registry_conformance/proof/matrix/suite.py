"""A cell that is a whole suite: all checks of ``suites/local`` on its deployment, with the client of its version."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import child_environment, new_run_id, python
from registry_conformance.proof.matrix.cell import NO, UNKNOWN, YES, Cell, Outcome
from registry_conformance.run.child_run import interrupt

_PATIENCE = 5400.0
"""Seconds that one suite may take on a busy machine."""
_GLANCE = 0.5
_ANSWERS = {0: YES, 1: NO}
_LEVELS = ("MUST", "SHOULD", "MAY")
_RED = ("failed", "error", "inconclusive")
_LONGEST = 400
_KEPT_OUT = "allure*"
"""What is not stored of a report: as large as all the rest, and rendered from it."""


def suite(cell: Cell, kept: Path, workers: int, done: Callable[[Outcome], None], over: Event) -> None:
    """Run all checks on a cell's deployment, store the report in ``kept``, and tell the result.

    Nothing is told of a run that was broken off because ``over`` was set.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="matrix-") as name:
        home = Path(name)
        run, log = new_run_id(), home / "output.txt"
        code = _run(_command(cell, home, run, workers), log, over)
        if over.is_set():
            return
        shutil.rmtree(kept, ignore_errors=True)
        report = home / "runs" / run
        if report.is_dir():
            shutil.copytree(report, kept, ignore=shutil.ignore_patterns(_KEPT_OUT))
        said = log.read_text(encoding="utf-8", errors="replace").strip()
    document = _document(kept)
    answer = UNKNOWN if code is None else _ANSWERS.get(code, UNKNOWN)
    done(
        Outcome(
            cell,
            answer,
            _why(answer, document, code, said),
            time.monotonic() - began,
            document["target"]["versions"] if document else {},
            run if document else "",
            _verified(document) if document else "",
        )
    )


def _command(cell: Cell, reports: Path, run: str, workers: int) -> list[str]:
    stage = cell.stage
    options = {
        "stack": "embedded",
        "mlflow": stage.server,
        "client": cell.client,
        "backend-store": stage.backend,
        "store": stage.store,
        "proxy": stage.proxy,
        "report-dir": str(reports),
        "run-id": run,
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    return [python(), "-m", "pytest", "suites/local", "-q", "-n", str(workers), *given]


def _run(command: list[str], log: Path, over: Event) -> int | None:
    """Return the exit code of a command, ``None`` if it was interrupted because it is over or took too long."""
    end = time.monotonic() + _PATIENCE
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=child_environment(without=""),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while time.monotonic() < end and not over.is_set():
                try:
                    return process.wait(_GLANCE)
                except subprocess.TimeoutExpired:
                    continue
            return None
        finally:
            interrupt(process)


def _document(kept: Path) -> dict[str, Any]:
    try:
        found = json.loads((kept / "verdicts.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _why(answer: str, document: Mapping[str, Any], code: int | None, said: str) -> str:
    """Return why a suite is not green, empty if it is."""
    if answer == YES:
        return ""
    if answer == NO and document:
        return why_red(document)
    return _why_unknown(document, code, said)


def why_red(document: Mapping[str, Any]) -> str:
    """Return the first failing requirement of a report, the most binding first, and how its first check failed."""
    red = {name: document["requirements"][name] for name in document["summary"]["red"]}
    if not red:
        return str(document["sentence"])
    name, first = min(red.items(), key=lambda item: _LEVELS.index(item[1]["level"]))
    failed = [check for check in document["checks"] if check["nodeid"] in first["checks"] and check["verdict"] in _RED]
    told = f"{name} ({first['level']}): {first['text']}"
    if failed:
        said = failed[0]["actual"] or failed[0]["message"]
        told += f" {failed[0]['nodeid'].rpartition('::')[2]}: {' '.join(said.split())}"
    return told[:_LONGEST] + (f", and {len(red) - 1} more" if len(red) > 1 else "")


def _why_unknown(document: Mapping[str, Any], code: int | None, said: str) -> str:
    if code is None:
        return f"the suite did not end within {_PATIENCE:.0f} s"
    last = said.splitlines()[-1:] or ["it said nothing"]
    return f"exit code {code}: {document.get('problem') or document.get('sentence') or last[0]}"[:_LONGEST]


def _verified(document: Mapping[str, Any]) -> str:
    """Return how many requirements of each level passed, of those that apply."""
    told = []
    for level in _LEVELS:
        counts = document["summary"]["levels"][level]
        applying = sum(number for verdict, number in counts.items() if verdict not in ("inapplicable", "untested"))
        told += [f"{counts['passed']} of {applying} {level}"] * (applying > 0)
    return ", ".join(told)
