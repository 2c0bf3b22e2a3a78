"""A real registration: step by step with a summary, or as JSON."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.steps import outcome
from registry_conformance.judge.report.verdicts_json import SCHEMA
from registry_conformance.run.session.arguments import REAL_REGISTRATION, in_suites
from registry_conformance.run.session.step_reporter import StepReporter

_SCHEMA = "registration.v1"
_SHARED = ("run", "verdict", "problem", "started", "finished", "seconds", "leftovers", "spent")


def register(target: Mapping[str, object], *, report_dir: Path, as_json: bool) -> int:
    """Register a model, print each step, and return the exit code of the run.

    ``target`` are pytest's options for target and client; empty ones are left out.
    """
    options = [f"--{name}={value}" for name, value in {**target, "report-dir": report_dir}.items() if value]
    plain = ["-qq", "--no-header", "--no-summary", "-p", "no:xdist"]
    run_id = new_run_id()
    refusal = io.StringIO()
    with redirect_stdout(sys.stderr if as_json else sys.stdout), redirect_stderr(refusal):
        narrator = StepReporter(sys.stdout)
        arguments = [str(REAL_REGISTRATION), *in_suites(cached=False), *plain, *options, f"--run-id={run_id}"]
        code = int(pytest.main(arguments, plugins=[narrator]))
    sys.stderr.write(f"{refusal.getvalue().strip()}\n" if refusal.getvalue().strip() else "")
    if as_json:
        told = _document(report_dir / "runs" / run_id / "verdicts.json", code, refusal.getvalue())
        json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    return code


def _step(number: int, check: Mapping[str, Any]) -> dict[str, Any]:
    """Return a check of the run as a numbered step."""
    shown = ("claim", "verdict", "seconds", "message", "requirements")
    return {"number": number, **{name: check[name] for name in shown}}


def _document(verdicts: Path, code: int, refusal: str) -> dict[str, Any]:
    """Return the result as JSON-able data; for a run that was rejected, the reason."""
    if not verdicts.exists():
        problem = refusal.strip().removeprefix("ERROR: ")
        return {"schema": _SCHEMA, "exit_code": code, "problem": problem, "steps": []}
    from registry_conformance.judge.report.read import read  # noqa: PLC0415 - at the end alone, and with --json

    told = json.loads(verdicts.read_text(encoding="utf-8"))
    assert told["schema"] == SCHEMA, "this run wrote it"
    return {
        "schema": _SCHEMA,
        **{name: told[name] for name in _SHARED},
        "sentence": outcome(read(verdicts, Spool())),
        "exit_code": code,
        "target": told["target"]["name"],
        "steps": [_step(number, check) for number, check in enumerate(told["checks"], start=1)],
        "diagnosis": told["diagnosis"],
        "report": str(verdicts.with_name("index.html")),
    }
