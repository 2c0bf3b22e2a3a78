"""Runs over the checks of accounts, as a user makes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.locations import ROOT

SETTINGS, OBJECTS = "suites/live/test_infrastructure.py", "suites/live/test_stored_objects.py"
"""Checks of what a plan shows too, and of what only a deployment does."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: exit code, what it said, and requirement -> verdict where it wrote a report."""

    code: int
    said: str
    verdicts: dict[str, str]

    def with_verdict(self, verdict: str) -> set[str]:
        """Return the requirements on accounts with a verdict."""
        return {name for name, found in self.verdicts.items() if found == verdict and name.startswith("INF")}


def judge(folder: Path, *options: str, **variables: str) -> Outcome:
    """Run the checks of accounts with these options."""
    checks = [SETTINGS] if any(each.startswith("--plan") for each in options) else [SETTINGS, OBJECTS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *checks, f"--report-dir={folder}/reports", "-p", "no:cacheprovider", *options],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    report = folder / "reports" / "latest" / "verdicts.json"
    told: dict[str, Any] = json.loads(report.read_text())["requirements"] if report.exists() else {}
    return Outcome(done.returncode, done.stdout + done.stderr, {name: each["verdict"] for name, each in told.items()})
