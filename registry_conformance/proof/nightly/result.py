"""The result of one target, read from its reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.changes import LISTS
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.proof import PROOF
from registry_conformance.judge.report.read import UnreadableError, read
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.write import RUNS, VERDICTS
from registry_conformance.judge.verdict import Verdict, count
from registry_conformance.proof.nightly.plan import Job

_NAMED = 4
_NOTHING = 5
"""The exit code of a run that verified nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a target did: its exit code, seconds, and what its reports say in short.

    ``run`` names the folder of its reports in ``runs``, empty where it left none. ``red`` are the requirements that are
    not fulfilled: they and the exit code tell whether anything changed since another night. ``changed`` is list of
    changes -> number; ``partly`` is whether a run that ended well did not judge every MUST.
    """

    name: str
    kind: str
    exit_code: int
    seconds: float
    sentence: str
    run: str = ""
    series: str = ""
    red: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    checks: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    partly: bool = False

    @property
    def mood(self) -> str:
        """``good`` if the target is fit to serve, ``bad`` if something failed, else ``doubt``."""
        if self.exit_code == 0:
            return "doubt" if self.partly else "good"
        return "bad" if self.exit_code == 1 else "doubt"

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "red": list(self.red), "causes": list(self.causes)}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Result:
        """Return what ``document`` made."""
        lists = {name: tuple(document[name]) for name in ("red", "causes")}
        known = {each.name: document[each.name] for each in fields(cls) if each.name in document}
        return cls(**{**known, **lists})


def judged(job: Job, reports: Path, run_id: str, exit_code: int, seconds: float, problem: str) -> Result:
    """Return the result of a job with this exit code; ``problem`` says why it was stopped.

    A job without a report did not pass, whatever its exit code.
    """
    blank = Result(job.name, job.kind, exit_code, round(seconds, 1), problem or _silent(exit_code))
    if job.kind == "proof":
        found = _proved(blank, reports)
    else:
        found = _judged(blank, reports / RUNS / run_id / VERDICTS, problem)
    return found if found.run else replace(found, exit_code=exit_code or _NOTHING)


def _judged(blank: Result, verdicts: Path, problem: str) -> Result:
    try:
        return _of_run(blank, read(verdicts, Spool()), problem)
    except UnreadableError:
        return blank


def _of_run(blank: Result, run: RunRecord, problem: str) -> Result:
    by_id = tally.verdicts(run)
    return Result(
        name=blank.name,
        kind=blank.kind,
        exit_code=blank.exit_code,
        seconds=blank.seconds,
        sentence=problem or sentence(run),
        run=run.run_id,
        series=run.series,
        red=tuple(tally.with_verdict(by_id, Verdict.FAILED, Verdict.ERROR, Verdict.INCONCLUSIVE)),
        causes=tuple(f"{each['cause']} ({each['layer']})" for each in run.diagnosis if not each["alternative"]),
        checks=count(record.verdict for record in run.records),
        changed={name: len(run.changes[name]) for name in LISTS if run.changes[name]} if run.changes else {},
        partly=run.exit_code == 0 and tally.mood(run) != "good",
    )


def _proved(blank: Result, reports: Path) -> Result:
    """Return the result of a proof from its report."""
    try:
        proof = json.loads((reports / PROOF).read_text())
        summary = proof["summary"]
        missed = tuple(fault["name"] for fault in proof["faults"] if not fault["caught"])
        told = f"{summary['caught']} of {summary['faults']} faults caught, {len(summary['false_alarms'])} false alarms"
        told += f": not caught: {tally.some(missed, _NAMED)}" if missed else ""
        age = (datetime.now(UTC) - datetime.fromisoformat(proof["finished"])).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return blank
    if blank.exit_code not in (0, 1) or age > blank.seconds + 1:  # then it is an earlier proof
        return blank
    return Result(blank.name, blank.kind, blank.exit_code, blank.seconds, told, run=str(proof["run"]), red=missed)


def _silent(exit_code: int) -> str:
    return f"It left no report; it ended with exit code {exit_code}: see its log."
