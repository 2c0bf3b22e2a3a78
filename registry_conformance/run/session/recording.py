"""Builds the one record of a check from pytest's three reports."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from fixtures.essentials import EVIDENCE
from registry_conformance.judge.report.console import keep_secret
from registry_conformance.judge.report.failure import render_failure
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.target.token import taken
from registry_conformance.judge.verdict import Verdict, merge
from registry_conformance.run.session.collection import DOOR, is_check, requirements_of
from registry_conformance.run.session.failure_details import FailureDetails, failure_details_of, verdict_of
from registry_conformance.run.session.upstream_defects import excused

Phase = tuple[Verdict, float, FailureDetails | None]
"""What a phase came to, the seconds it took, and the complaint if it did not pass."""

_PHASES = pytest.StashKey[list[Phase]]()
_STARTED = pytest.StashKey[float]()


def as_new(item: pytest.Item) -> None:
    """Forget the result of a check, so that it can run again in this process."""
    if _PHASES in item.stash:
        del item.stash[_PHASES]
    if _STARTED in item.stash:
        del item.stash[_STARTED]


class Recording:
    """Turns reports into records, in every process that runs checks."""

    def __init__(self, register: Register, options: str) -> None:
        self._register = register
        self._options = options
        self._target: Target | None = None
        self._mlflow = ""

    @property
    def _redactor(self) -> Redactor:
        """The redactor of records: the target's secrets, and each token taken meanwhile."""
        return Redactor(self._target.secrets if self._target else ())

    def judge(self, target: Target) -> None:
        """From now on redact the target's secrets in records, and excuse known defects of its MLflow."""
        self._target = target
        keep_secret(target.secrets)
        self._mlflow = target.versions.get("mlflow", "")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the result of each phase; after the last one, attach the record to its report."""
        report = yield
        if not is_check(item):
            return report
        phases = item.stash.setdefault(_PHASES, [])
        item.stash.setdefault(_STARTED, call.start)
        phases.append(self._phase(item, call, report))
        if report.failed and phases[-1][0] is Verdict.INAPPLICABLE:
            report.outcome = "skipped"
            report.longrepr = (item.nodeid.split("::")[0], 0, "not allowed here")
        if call.when == "setup":
            report.check = pickle.dumps(_begun(item))  # type: ignore[attr-defined] # for the controller
        elif call.when == "teardown":
            report.tokens = sorted(taken())  # type: ignore[attr-defined] # for the controller, which keeps them out too
            report.check = pickle.dumps(self._record(item, phases))  # type: ignore[attr-defined] # as above
        return report

    def _phase(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Phase:
        complaint = failure_details_of(call.excinfo) if call.excinfo else None
        if call.when != "call":
            verdict = verdict_of(call.excinfo.value) if call.excinfo else Verdict.UNTESTED
            if call.when == "setup" and verdict == Verdict.FAILED:
                verdict = Verdict.INCONCLUSIVE  # a precondition is missing: the check's own requirement is not violated
            return verdict, call.duration, complaint
        verdict = verdict_of(call.excinfo.value) if call.excinfo else Verdict.PASSED
        strict = self._target is None or self._target.defects_show
        verdict, word = excused(item, verdict, self._mlflow, strict=strict)
        if word:
            where = complaint.where if complaint else item.nodeid.split("::")[0]
            complaint = FailureDetails("the known defect to be there, and excused", word, where)
            report.outcome = "skipped" if verdict == Verdict.INAPPLICABLE else "failed"
            report.longrepr = (where, 0, word)
        return verdict, call.duration, complaint

    def _record(self, item: pytest.Item, phases: list[Phase]) -> CheckRecord:
        verdict = merge(verdict for verdict, _, _ in phases)
        complaint = next((c for v, _, c in phases if c is not None and v == verdict), None)
        evidence = item.stash[EVIDENCE].items() if EVIDENCE in item.stash else ()
        spent = sum(seconds for _, seconds, _ in phases)
        record = replace(_begun(item), verdict=verdict, seconds=spent, evidence=evidence)
        if complaint is None:
            return record
        if verdict == Verdict.INAPPLICABLE:
            return replace(record, message=self._redactor.text(complaint.actual))
        again = f"pytest '{item.nodeid}'{self._options}"
        parts: dict[str, Any] = {
            "expected": self._redactor.text(complaint.expected),
            "actual": self._redactor.text(complaint.actual),
            "where": complaint.where,
            "rerun": again,
        }
        judged = [self._register[name] for name in record.requirements]
        message = render_failure(judged, parts["expected"], parts["actual"], complaint.where, evidence, again)
        return replace(record, **parts, message=self._redactor.text(message))


def _begun(item: pytest.Item) -> CheckRecord:
    """Return the initial record of a check, without a result."""
    params = getattr(item, "callspec", None)
    return CheckRecord(
        item.nodeid,
        requirements_of(item),
        Verdict.UNTESTED,
        0.0,
        claim=inspect.getdoc(getattr(item, "function", None)) or "",
        door=params.params.get(DOOR, "") if params else "",
        started=item.stash[_STARTED],
    )
