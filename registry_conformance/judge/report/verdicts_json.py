"""The JSON report, versioned by ``reports/schema/verdicts.v2.json``: the suite's API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.profiles import by_profile, registration
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict, count

SCHEMA = "verdicts.v2"
SUITE = "hokusai-registry-conformance"


def render(run: RunRecord) -> dict[str, Any]:
    """Return the whole run as a JSON-able value that conforms to the schema; ``schema`` is its first key."""
    return {**outline(run), "checks": [check(record) for record in run.records]}


def chunks(run: RunRecord) -> Iterator[bytes]:
    """Yield the same as UTF-8 JSON, one check at a time."""
    for place, (name, value) in enumerate(outline(run).items()):
        yield f"{', ' if place else '{'}{_text(name)}: ".encode()
        if name == "checks":
            yield b"["
            for number, record in enumerate(run.records):
                yield ((", " if number else "") + _text(check(record))).encode()
            yield b"]"
        else:
            yield _text(value).encode()
    yield b"}\n"


def outline(run: RunRecord) -> dict[str, Any]:
    """Return the run without its checks; ``checks`` is an empty list."""
    answer = registration(run)
    return {
        "schema": SCHEMA,
        "run": run.run_id,
        "verdict": str(run.verdict),
        "sentence": sentence(run),
        "exit_code": run.exit_code,
        "problem": run.problem,
        "suite": {
            "name": SUITE,
            "version": run.suite_version,
            "register": run.register.version,
            "fault_score": dict(run.fault_score) if run.fault_score is not None else None,
            "mutant_score": dict(run.mutant_score) if run.mutant_score is not None else None,
        },
        "command": run.command,
        "series": run.series,
        "whole": run.whole,
        "target": _target(run),
        "started": run.started,
        "finished": run.finished,
        "seconds": round(run.seconds, 3),
        "summary": _summary(run),
        "profiles": by_profile(run),
        "registration": {"answer": answer.word, "why": answer.why, "client": answer.client},
        "requirements": _requirements(run),
        "checks": [],
        "leftovers": list(run.leftovers),
        "spent": {name: dict(amount) for name, amount in run.spent.items()},
        "diagnosis": [dict(cause) for cause in run.diagnosis],
        "changes": dict(run.changes) if run.changes is not None else None,
        **({"load": dict(run.load)} if run.load is not None else {}),
    }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _target(run: RunRecord) -> dict[str, Any]:
    blank = {"name": "", "kind": "", "doors": {}, "versions": {}, "capabilities": {}, "ways": {}, "faults": []}
    return {**blank, **run.target}


def _summary(run: RunRecord) -> dict[str, Any]:
    by_id = tally.verdicts(run)
    return {
        "requirements": count(by_id.values()),
        "levels": {str(level): count(tally.of_level(run, by_id, level).values()) for level in Level},
        "checks": count(record.verdict for record in run.records),
        "red": {requirement_id: str(by_id[requirement_id]) for requirement_id in tally.with_verdict(by_id, *tally.RED)},
        "inapplicable": tally.inapplicable(run),
        "untested": tally.with_verdict(by_id, Verdict.UNTESTED),
    }


def _requirements(run: RunRecord) -> dict[str, Any]:
    checks: dict[str, list[str]] = {requirement_id: [] for requirement_id in run.register}
    for record in run.records:
        for requirement in tally.requirements_of(run, record):
            checks[requirement.id].append(record.nodeid)
    by_id, reasons = tally.verdicts(run), tally.inapplicable(run)
    return {
        requirement.id: {
            "level": str(requirement.level),
            "area": requirement.area,
            "layer": requirement.layer,
            "profile": requirement.profile,
            **({"feature": requirement.feature} if requirement.feature else {}),
            "text": requirement.text,
            "source": requirement.source,
            "verdict": str(by_id[requirement.id]),
            "checks": checks[requirement.id],
            **({"reason": reasons[requirement.id]} if requirement.id in reasons else {}),
        }
        for requirement in run.register.values()
    }


def check(record: CheckRecord) -> dict[str, Any]:
    """Return one check in the form of the schema."""
    return {
        "nodeid": record.nodeid,
        "requirements": list(record.requirements),
        "verdict": str(record.verdict),
        "started": round(record.started, 3),
        "seconds": round(record.seconds, 3),
        "claim": record.claim,
        "door": record.door,
        "message": record.message,
        "expected": record.expected,
        "actual": record.actual,
        "where": record.where,
        "rerun": record.rerun,
        "evidence": [dict(item) for item in record.evidence],
        "diagnosis": dict(record.diagnosis) if record.diagnosis is not None else None,
    }
