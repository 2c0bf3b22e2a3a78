"""The Common Test Report Format (CTRF), which many pipelines read."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.verdicts_json import SUITE
from registry_conformance.judge.verdict import Verdict

_STATUS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.ERROR: "other",
    Verdict.INCONCLUSIVE: "other",
    Verdict.INAPPLICABLE: "skipped",
    Verdict.UNTESTED: "skipped",
}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")
_LINE = re.compile(r":(\d+)$")


def chunks(run: RunRecord) -> Iterator[bytes]:
    """Yield the report as UTF-8 JSON, one check at a time.

    Failed is failed, inapplicable is skipped; error and inconclusive are other, with the verdict as ``rawStatus``. A
    run that verified nothing, or was interrupted, gets one more entry, failed, so that no pipeline treats it as green.
    """
    broken = run.problem or tally.unverified(run)
    head = {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "reportId": str(uuid.uuid5(uuid.NAMESPACE_OID, run.run_id)),
        "timestamp": run.finished,
        "generatedBy": SUITE,
    }
    results = {
        "tool": {"name": "pytest", "extra": {"suite": run.suite_version, "register": run.register.version}},
        "summary": _summary(run, bool(broken)),
        "environment": {
            "appName": str(run.target.get("name") or "target"),
            "testEnvironment": run.series or str(run.target.get("kind") or ""),
            "extra": {"versions": dict(run.target.get("versions") or {}), "sentence": sentence(run)},
        },
    }
    yield f'{_text(head)[:-1]}, "results": {_text(results)[:-1]}, "tests": ['.encode()
    begun = False
    for record in run.records:
        yield ((", " if begun else "") + _text(_test(run, record))).encode()
        begun = True
    if broken:
        entry = {
            "name": "the run itself",
            "status": "failed",
            "duration": 0,
            "message": broken,
            "rawStatus": "inconclusive",
        }
        yield ((", " if begun else "") + _text(entry)).encode()
    yield b"]}}\n"


def _summary(run: RunRecord, broken: bool) -> dict[str, int]:
    counts = Counter(_STATUS[record.verdict] for record in run.records)
    counts["failed"] += broken
    return {
        "tests": sum(counts.values()),
        **{status: counts[status] for status in _STATUSES},
        "start": _milliseconds(run.started),
        "stop": _milliseconds(run.finished),
        "duration": round(run.seconds * 1000),
    }


def _test(run: RunRecord, record: CheckRecord) -> dict[str, Any]:
    path, _, name = record.nodeid.partition("::")
    began = round(record.started * 1000) or _milliseconds(run.started)
    entry: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, record.nodeid)),
        "name": name or path,
        "status": _STATUS[record.verdict],
        "rawStatus": str(record.verdict),
        "duration": round(record.seconds * 1000),
        "start": began,
        "stop": began + round(record.seconds * 1000),
        "suite": path.split("/"),
        "filePath": path,
        "tags": list(record.requirements),
        "labels": {"level": str(tally.level_of(run, record)), **({"door": record.door} if record.door else {})},
    }
    if record.verdict is not Verdict.PASSED:
        entry |= {"message": tally.reason(record), "trace": record.message}
    if line := _LINE.search(record.where):
        entry["line"] = int(line[1])
    return entry


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
