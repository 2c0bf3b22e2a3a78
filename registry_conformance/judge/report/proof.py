"""The proofs of the suite among the reports, by faults and by mutants: where they lie, and what they say of a run."""

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
    """Write a proof's files into a folder of its own, which becomes ``latest``; the one that ``counts``, from now on.

    Raises ``ReportFolderError``.
    """
    publish_files(reports, reports / "runs" / run, files, kept=counts)


def score(reports: Path, suite_version: str, register_version: str) -> dict[str, Any] | None:
    """Return the numbers of the last whole proof, ``None`` if there is none of this suite and register."""
    try:
        proof = _of(reports / PROOF, SCHEMA, suite_version, register_version)
        summary = proof["summary"]
        numbers = {name: int(summary[name]) for name in ("faults", "caught", "named_first", "named_in_three")}
        return numbers | {"false_alarms": len(summary["false_alarms"]), "finished": str(proof["finished"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def mutant_score(reports: Path, suite_version: str, register_version: str) -> dict[str, Any] | None:
    """Return the numbers of the last mutants drawn from all, ``None`` if there are none of this suite and register.

    ``judged`` is how many were valid and not equivalent, of a catalogue of so many.
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
