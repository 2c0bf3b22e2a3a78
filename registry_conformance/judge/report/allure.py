"""Allure results: one result a check, with its requirements as labels and its evidence attached."""

# allure_commons ships types, but its logger has none.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Parameter, Status, StatusDetails, TestResult
from allure_commons.types import AttachmentType, LabelType, Severity

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.transcript import flow_text, plain_line, transcript
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict

STATUS: Mapping[Verdict, str] = {
    Verdict.PASSED: Status.PASSED,
    Verdict.FAILED: Status.FAILED,
    Verdict.ERROR: Status.BROKEN,
    Verdict.INCONCLUSIVE: Status.BROKEN,
    Verdict.INAPPLICABLE: Status.SKIPPED,
    Verdict.UNTESTED: Status.SKIPPED,
}
_SEVERITY = {Level.MUST: Severity.CRITICAL, Level.SHOULD: Severity.NORMAL, Level.MAY: Severity.MINOR}
CATEGORIES = (
    {"name": "Breaks a MUST", "matchedStatuses": [Status.FAILED], "messageRegex": r"^MUST [\s\S]*"},
    {"name": "Breaks a SHOULD or MAY", "matchedStatuses": [Status.FAILED], "messageRegex": r"^(SHOULD|MAY) [\s\S]*"},
    {
        "name": "The target could not be judged",
        "matchedStatuses": [Status.BROKEN],
        "messageRegex": r"^inconclusive: [\s\S]*",
    },
    {"name": "The suite itself broke", "matchedStatuses": [Status.BROKEN], "messageRegex": r"^error: [\s\S]*"},
    {"name": "Not applicable here", "matchedStatuses": [Status.SKIPPED]},
)


def write_results(run: RunRecord, folder: Path) -> None:
    """Write the run's results, attachments, environment, executor and categories to ``folder``, which is created.

    A run that verified nothing, or was interrupted, gets one more result, broken. Raises ``OSError``.
    """
    logger = AllureFileLogger(folder)
    for record in run.records:
        result = _result(run, record)
        for name, kind, file_name, body in _attachments(run, record):
            result.attachments.append(Attachment(name=name, source=file_name, type=kind.mime_type))
            logger.report_attached_data(body, file_name)
        logger.report_result(result)
    if why := run.problem or tally.unverified(run):
        logger.report_result(_broken_run(run, why))
    (folder / "categories.json").write_text(json.dumps(CATEGORIES, indent=2), encoding="utf-8")
    (folder / "environment.properties").write_bytes(environment(run))
    executor = {"name": "pytest", "type": "pytest", "buildName": run.run_id, "reportName": sentence(run)}
    (folder / "executor.json").write_text(json.dumps(executor), encoding="utf-8")


def environment(run: RunRecord) -> bytes:
    """Return target and versions as a Java properties file."""
    target = run.target
    rows: dict[str, str] = {
        "target": f"{target.get('name', '')} ({target.get('kind', '')})",
        "verdict": sentence(run),
        "run": run.run_id,
        "suite": run.suite_version,
        "register": run.register.version,
    }
    rows |= {f"door.{name}": str(url) for name, url in (target.get("doors") or {}).items()}
    rows |= {f"version.{part}": str(version) for part, version in (target.get("versions") or {}).items()}
    for name, capability in (target.get("capabilities") or {}).items():
        rows[f"capability.{name}"] = "yes" if capability["present"] else f"no: {capability['reason']}"
    if target.get("faults"):
        rows["faults"] = ", ".join(map(str, target["faults"]))
    return "".join(f"{_escaped(key, ' =:#!')} = {_escaped(value, '')}\n" for key, value in rows.items()).encode("ascii")


def _escaped(text: str, special: str) -> str:
    """Return ``text`` escaped for a Java properties file: one line, Latin-1 escapes, ``special`` characters escaped."""
    text = "".join("\\" + character if character in special + "\\" else character for character in text)
    text = " ".join(text.split("\n"))
    units = text.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(chr(code) if 32 <= code < 127 else f"\\u{code:04x}" for code in codes)


def identity(nodeid: str) -> tuple[str, dict[str, str]]:
    """Return a check's id, shared by all its cases, and the parameters of this case."""
    _, bracket, case = nodeid.partition("[")
    return _digest(_full_name(nodeid)), {"case": case.removesuffix("]")} if bracket else {}


def _full_name(nodeid: str) -> str:
    path, _, name = nodeid.partition("[")[0].partition("::")
    return f"{path.removesuffix('.py').replace('/', '.')}#{name or path}"


def _result(run: RunRecord, record: CheckRecord) -> TestResult:
    path, _, case = record.nodeid.partition("::")
    function, bracket, case_id = case.partition("[")
    own, parameters = identity(record.nodeid)
    began = round(record.started * 1000) or _milliseconds(run.started)
    requirements = tally.requirements_of(run, record)
    return TestResult(
        uuid=_uuid(run, record.nodeid),
        name=(tally.first_line(record.claim).rstrip(".") or function or path) + (f" [{case_id}" if bracket else ""),
        fullName=_full_name(record.nodeid),
        testCaseId=own,
        historyId=_digest(_full_name(record.nodeid), case_id),
        titlePath=path.split("/"),
        status=STATUS[record.verdict],
        statusDetails=_details(run, record),
        stage="finished",
        description="\n\n".join(f"**{item.id}** ({item.level}) {item.text}  \n{item.source}" for item in requirements),
        labels=list(_labels(run, record)),
        parameters=[Parameter(name=name, value=value) for name, value in parameters.items()],
        start=began,
        stop=began + round(record.seconds * 1000),
    )


def _details(run: RunRecord, record: CheckRecord) -> StatusDetails | None:
    if record.verdict is Verdict.PASSED:
        return None
    ids = ", ".join(record.requirements)
    lead = f"{tally.level_of(run, record)} {ids}" if record.verdict is Verdict.FAILED else str(record.verdict)
    return StatusDetails(message=f"{lead}: {tally.reason(record)}", trace=record.message or None)


def _labels(run: RunRecord, record: CheckRecord) -> Iterator[Label]:
    requirements = tally.requirements_of(run, record)
    level = tally.level_of(run, record)
    parts = record.nodeid.partition("::")[0].split("/")
    yield Label(LabelType.SEVERITY, _SEVERITY[level].value)
    yield Label("level", str(level))
    for layer in dict.fromkeys(item.layer for item in requirements):
        yield Label(LabelType.EPIC, layer)
        yield Label("layer", layer)
    for area in dict.fromkeys(item.area for item in requirements):
        yield Label(LabelType.FEATURE, area)
    for item in requirements:
        yield Label(LabelType.STORY, f"{item.id} {item.text}")
        yield Label(LabelType.TAG, item.id)
    if record.door:
        yield Label("door", record.door)
    yield Label(LabelType.PARENT_SUITE, str(run.target.get("name") or "target"))
    yield Label(LabelType.SUITE, ".".join(parts[:-1]) or "suites")
    yield Label(LabelType.SUB_SUITE, parts[-1])
    yield Label(LabelType.FRAMEWORK, "pytest")
    yield Label(LabelType.LANGUAGE, "python")


def _attachments(run: RunRecord, record: CheckRecord) -> Iterator[tuple[str, AttachmentType, str, str]]:
    """Yield name, type, file name and body: each log, and one text with everything else."""
    overview, exchanges = [], []
    for number, item in enumerate(record.evidence, start=1):
        if item["kind"] == "exchange":
            overview.append(plain_line(item))
            exchanges.append(transcript(item))
        elif item["kind"] == "log":
            file_name = f"{_uuid(run, f'{record.nodeid}#{number}')}-attachment.txt"
            yield f"log of {item['part']}", AttachmentType.TEXT, file_name, "\n".join(item["lines"])
        else:
            overview.append(plain_line(item))
        if item["kind"] == "flow":
            file_name = f"{_uuid(run, f'{record.nodeid}#{number}')}-attachment.txt"
            yield item["name"], AttachmentType.TEXT, file_name, flow_text(item)
    if record.diagnosis:
        overview.append(f"diagnosis: {json.dumps(dict(record.diagnosis), ensure_ascii=False)}")
    if record.rerun:
        overview.append(f"rerun: {record.rerun}")
    if overview:
        rule = f"\n\n{'-' * 72}\n"
        file_name = f"{_uuid(run, f'{record.nodeid}#evidence')}-attachment.txt"
        yield "evidence", AttachmentType.TEXT, file_name, rule.join(["\n".join(overview), *exchanges])


def _broken_run(run: RunRecord, why: str) -> TestResult:
    began = _milliseconds(run.started)
    return TestResult(
        uuid=_uuid(run, "the run itself"),
        name="The run itself",
        fullName="run",
        testCaseId=_digest("run"),
        historyId=_digest("run"),
        status=Status.BROKEN,
        statusDetails=StatusDetails(message=f"{Verdict.INCONCLUSIVE}: {tally.first_line(why)}", trace=why),
        stage="finished",
        labels=[Label(LabelType.SEVERITY, Severity.BLOCKER.value)],
        start=began,
        stop=began + round(run.seconds * 1000),
    )


def _digest(*parts: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts)).hex


def _uuid(run: RunRecord, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run.run_id}/{name}"))


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
