"""The JUnit XML report for build servers."""

# junitparser ships types, but most of its methods have none.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re

from junitparser import Error, Failure, Skipped
from junitparser.junitparser import FinalResult
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.verdict import Verdict

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(run: RunRecord) -> bytes:
    """Return the run as one UTF-8 JUnit document: one suite, one entry a check.

    A run that verified nothing, or was interrupted, gets one more entry, in error, so that no build server treats it as
    green. Characters that XML does not allow become ``?``.
    """
    suite = TestSuite(_xml(str(run.target.get("name") or "target")))
    suite.timestamp = run.started
    for name, value in (
        ("run", run.run_id),
        ("suite version", run.suite_version),
        ("register version", run.register.version),
        ("exit code", str(run.exit_code)),
        ("sentence", sentence(run)),
    ):
        suite.add_property(name, _xml(value))
    suite.add_testcases([_case(run, record) for record in run.records])
    if why := run.problem or tally.unverified(run):
        suite.add_testcase(_broken_run(why))
    document = JUnitXml()
    document.add_testsuite(suite)
    document.update_statistics()
    text: bytes = document.tostring()
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text


def _case(run: RunRecord, record: CheckRecord) -> TestCase:
    path, _, name = record.nodeid.partition("::")
    case = TestCase(_xml(name or path), _xml(path.removesuffix(".py").replace("/", ".")), round(record.seconds, 3))
    for requirement_id in record.requirements:
        case.add_property("requirement", _xml(requirement_id))
    case.add_property("level", str(tally.level_of(run, record)))
    case.add_property("verdict", str(record.verdict))
    if record.door:
        case.add_property("door", _xml(record.door))
    if (result := _result(record)) is not None:
        result.text = _xml(record.message)
        case.append(result)
    return case


def _result(record: CheckRecord) -> FinalResult | None:
    kinds: dict[Verdict, type[FinalResult]] = {
        Verdict.FAILED: Failure,
        Verdict.ERROR: Error,
        Verdict.INCONCLUSIVE: Error,
        Verdict.INAPPLICABLE: Skipped,
        Verdict.UNTESTED: Skipped,
    }
    kind = kinds.get(record.verdict)
    return kind(_xml(tally.reason(record)), str(record.verdict)) if kind else None


def _broken_run(why: str) -> TestCase:
    case = TestCase("the run itself", "run", 0.0)
    error = Error(_xml(tally.first_line(why)), str(Verdict.INCONCLUSIVE))
    error.text = _xml(why)
    case.append(error)
    return case


def _xml(text: str) -> str:
    return _NOT_XML.sub("?", text)
