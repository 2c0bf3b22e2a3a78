"""Failures that an environment's file expects."""

from __future__ import annotations

from datetime import date

import pytest

from registry_conformance.judge.live.environment.file import ExpectedFailure
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.expected_failures import excused

TODAY = date(2030, 1, 15)


def expects(requirement: str, expires: date = TODAY) -> ExpectedFailure:
    """Return an excuse."""
    return ExpectedFailure(requirement=requirement, reason="the gateway is replaced in spring", expires=expires)


def record(name: str, verdict: Verdict, *requirements: str) -> CheckRecord:
    """Return what became of a check."""
    return CheckRecord(name, requirements or ("ART-001",), verdict, 0.1, message=f"{name} said so")


def test_expected_failure_is_inapplicable_with_its_reason() -> None:
    """Expected failure is inapplicable with its reason."""
    found = excused([record("a", Verdict.FAILED), record("b", Verdict.PASSED)], [expects("ART-001")], TODAY, whole=True)

    assert [each.verdict for each in found] == [Verdict.INAPPLICABLE, Verdict.PASSED]
    assert found[0].message == "expected to fail here until 2030-01-15: the gateway is replaced in spring"


def test_check_that_breaks_more_stays_failed() -> None:
    """Check that breaks more stays failed."""
    found = excused([record("a", Verdict.FAILED, "ART-001", "RTE-002")], [expects("ART-001")], TODAY, whole=True)

    assert found[0].verdict == Verdict.FAILED


def test_error_is_never_excused() -> None:
    """Error is never excused."""
    assert excused([record("a", Verdict.ERROR)], [expects("ART-001")], TODAY, whole=True)[0].verdict == Verdict.ERROR


def test_excuse_that_is_over_is_told() -> None:
    """Excuse that is over is told."""
    found = excused([record("a", Verdict.FAILED)], [expects("ART-001", date(2030, 1, 14))], TODAY, whole=True)

    assert found[0].verdict == Verdict.FAILED
    assert "until 2030-01-14, which is over" in found[0].message


@pytest.mark.parametrize(("whole", "verdict"), [(True, Verdict.FAILED), (False, Verdict.PASSED)])
def test_excuse_without_a_failure_is_refused_in_a_whole_run(whole: bool, verdict: Verdict) -> None:
    """Excuse without a failure is refused in a whole run."""
    records = [record("a", Verdict.PASSED), record("b", Verdict.INAPPLICABLE)]
    found = excused(records, [expects("ART-001")], TODAY, whole=whole)

    assert found[0].verdict == verdict
    assert ("take the entry away" in found[0].message) is whole
