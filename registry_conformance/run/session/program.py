"""A file of checks as a program of its own: steps told one by one, the summary, or all of it as JSON."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.cli.options import Options
from registry_conformance.judge.machine import ROOT, new_run_id
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.read import read
from registry_conformance.judge.report.steps import outcome
from registry_conformance.judge.report.verdicts_json import SCHEMA
from registry_conformance.run.session.step_reporter import Narrator

_SCHEMA = "registration.v1"
_SHARED = ("run", "verdict", "problem", "started", "finished", "seconds", "leftovers", "spent")


def main(file: Path, arguments: Sequence[str]) -> int:
    """Run the checks of ``file`` against the environment that the arguments name; return the exit code of a run."""
    parser = Options(prog=file.name, description="a real registration of a model, step by step, on an environment")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--env", default="", metavar="NAME", help="a named environment of suites/live/environments")
    which.add_argument("--env-file", default="", metavar="PATH", help="the file of an environment")
    parser.add_argument("--report-dir", default="", metavar="DIR", help="where reports go (default: reports/)")
    parser.add_argument("--json", action="store_true", help="tell the outcome as JSON; the steps go to stderr")
    asked = parser.parse_args(arguments)
    given = [f"--{name.replace('_', '-')}={value}" for name, value in vars(asked).items() if value and name != "json"]
    plain = ["-qq", "--no-header", "--no-summary", "-p", "no:xdist", "-p", "no:cacheprovider"]
    run_id = new_run_id()
    refusal = io.StringIO()
    with redirect_stdout(sys.stderr if asked.json else sys.stdout), redirect_stderr(refusal):
        narrator = Narrator(sys.stdout)
        code = int(pytest.main([str(file), *plain, *given, f"--run-id={run_id}"], plugins=[narrator]))
    sys.stderr.write(f"{refusal.getvalue().strip()}\n" if refusal.getvalue().strip() else "")
    if asked.json:
        reports = Path(asked.report_dir).resolve() if asked.report_dir else ROOT / "reports"
        told = _document(reports / "runs" / run_id / "verdicts.json", code, refusal.getvalue())
        json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    return code


def _document(verdicts: Path, code: int, refusal: str) -> dict[str, Any]:
    """Return the outcome as JSON-able data; of a run that was refused, why."""
    if not verdicts.exists():
        problem = refusal.strip().removeprefix("ERROR: ")
        return {"schema": _SCHEMA, "exit_code": code, "problem": problem, "steps": []}
    told = json.loads(verdicts.read_text(encoding="utf-8"))
    assert told["schema"] == SCHEMA, "this run wrote it"
    return {
        "schema": _SCHEMA,
        **{name: told[name] for name in _SHARED},
        "sentence": outcome(read(verdicts, Spool())),
        "exit_code": code,
        "target": told["target"]["name"],
        "steps": [
            {"number": number}
            | {name: check[name] for name in ("claim", "verdict", "seconds", "message", "requirements")}
            for number, check in enumerate(told["checks"], start=1)
        ],
        "diagnosis": told["diagnosis"],
        "report": str(verdicts.with_name("index.html")),
    }
