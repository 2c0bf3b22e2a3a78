"""The proof of the suite among the reports: where it lies, and what it is worth to a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry_conformance.judge.report.write import publish_files

PROOF = "faults.json"
SCHEMA = "faults.v1"


def keep(reports: Path, run: str, files: Mapping[str, bytes], *, whole: bool) -> None:
    """Write a proof's files into a folder of its own, which becomes ``latest``; a whole proof counts from now on.

    Raises ``ReportFolderError``.
    """
    folder = reports / "runs" / run
    publish_files(reports, folder, files, kept=PROOF if whole else "")


def score(reports: Path, suite_version: str, register_version: str) -> dict[str, Any] | None:
    """Return the numbers of the last whole proof, ``None`` if there is none of this suite and register."""
    try:
        proof = json.loads((reports / PROOF).read_text())
        if proof["schema"] != SCHEMA or proof["suite"] != {"version": suite_version, "register": register_version}:
            return None
        summary = proof["summary"]
        numbers = {name: int(summary[name]) for name in ("faults", "caught", "named_first", "named_in_three")}
        return numbers | {"false_alarms": len(summary["false_alarms"]), "finished": str(proof["finished"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
