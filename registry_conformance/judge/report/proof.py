"""The results of `prove` and `mutants` in the reports folder, and the scores that reports carry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry_conformance.judge.report.write import publish_files

PROOF = "faults.json"
SCHEMA = "faults.v1"
MUTANTS = "mutants.json"
MUTANTS_SCHEMA = "mutants.v1"


def keep(reports: Path, run: str, files: Mapping[str, bytes], *, counts: str = "") -> None:
    """Write a proof's files to their own folder, which becomes ``latest``; ``counts`` is the one to score by.

    Raises ``ReportFolderError``.
    """
    publish_files(reports, reports / "runs" / run, files, kept=counts)


def score(reports: Path, suite_version: str, register_version: str) -> dict[str, Any] | None:
    """Return the figures of the last complete proof, ``None`` if there is none of this suite and register."""
    try:
        proof = _of(reports / PROOF, SCHEMA, suite_version, register_version)
        summary = proof["summary"]
        numbers = {name: int(summary[name]) for name in ("faults", "caught", "named_first", "named_in_three")}
        return numbers | {"false_alarms": len(summary["false_alarms"]), "finished": str(proof["finished"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def mutant_score(reports: Path, suite_version: str, register_version: str) -> dict[str, Any] | None:
    """Return the figures of the last full sample of mutants, ``None`` if none of this suite and register.

    ``judged`` is the number of valid, non-equivalent mutants out of the whole catalogue.
    """
    try:
        proof = _of(reports / MUTANTS, MUTANTS_SCHEMA, suite_version, register_version)
        summary = proof["summary"]
        judged = int(summary["mutants"]) - int(summary["equivalent"])
        numbers = {name: int(summary[name]) for name in ("killed", "survived", "undecided")}
        known = {"catalogue": int(proof["catalogue"]), "started": str(proof["started"])}
        return {"judged": judged} | numbers | known if judged else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _of(file: Path, schema: str, suite_version: str, register_version: str) -> dict[str, Any]:
    """Return a proof of this suite and register; raise ``ValueError`` for another one."""
    proof: dict[str, Any] = json.loads(file.read_text())
    if proof["schema"] != schema or proof["suite"] != {"version": suite_version, "register": register_version}:
        raise ValueError(f"{file} is a proof of something else")
    return proof
