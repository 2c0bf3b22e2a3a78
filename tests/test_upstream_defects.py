"""A known defect of MLflow is excused strictly: in its versions, until its date, and only while it is there."""

from __future__ import annotations

import json
from datetime import date

import pytest

from registry_conformance.judge.requirement import Level, Requirement, for_versions, upstream_defect
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.asking import unasked_of_version
from registry_conformance.run.session.upstream_defects import excused
from tests.conftest import Project

V = Verdict
BEFORE, AFTER = date(2027, 1, 1), date(2027, 8, 1)


@pytest.mark.parametrize(
    ("verdict", "versions", "today", "expected"),
    [
        (V.FAILED, "mlflow 3.17.2", BEFORE, V.INAPPLICABLE),
        (V.FAILED, "mlflow 3.17.2", AFTER, V.FAILED),
        (V.FAILED, "mlflow 3.19.0", BEFORE, V.FAILED),
        (V.FAILED, "", BEFORE, V.FAILED),
        (V.PASSED, "mlflow 3.17.2", BEFORE, V.FAILED),
        (V.PASSED, "mlflow 3.19.0", BEFORE, V.PASSED),
        (V.INCONCLUSIVE, "mlflow 3.17.2", BEFORE, V.INCONCLUSIVE),
        (V.ERROR, "mlflow 3.17.2", BEFORE, V.ERROR),
    ],
)
def test_an_excuse_holds_only_where_it_was_given(
    request: pytest.FixtureRequest, verdict: Verdict, versions: str, today: date, expected: Verdict
) -> None:
    """The excuse turns a breach inapplicable; a pass, a later date or another version is told."""
    request.node.add_marker(upstream_defect("mlflow#1", versions="<3.18", expires="2027-06-30"))
    assert excused(request.node, verdict, versions, today)[0] == expected


def test_excuses_of_several_versions_and_of_single_cases(request: pytest.FixtureRequest) -> None:
    """A check may have several excuses; one for cases of other names does not count, a mended defect needs no date."""
    request.node.add_marker(upstream_defect("mlflow#2", versions="==3.1.4", cases="^another-case$"))
    request.node.add_marker(upstream_defect("mlflow#3", versions=">=3.9,<=3.12.0"))
    request.node.add_marker(upstream_defect("mlflow#4", versions="<3"))

    assert excused(request.node, V.FAILED, "mlflow 3.1.4", AFTER)[0] is V.FAILED
    assert excused(request.node, V.FAILED, "mlflow 3.10.1", AFTER)[0] is V.INAPPLICABLE
    assert excused(request.node, V.PASSED, "mlflow 3.10.1", AFTER)[0] is V.FAILED
    assert "mlflow#4, mended in later ones" in excused(request.node, V.FAILED, "mlflow 2.22.5", AFTER)[1]


def test_defect_that_shows_at_times_may_stay_away(request: pytest.FixtureRequest) -> None:
    """A defect that depends on how two processes meet excuses a breach, and a pass is a pass."""
    request.node.add_marker(upstream_defect("mlflow#1", versions="<3", at_times=True))

    assert excused(request.node, V.FAILED, "mlflow 2.22.5", AFTER)[0] is V.INAPPLICABLE
    assert excused(request.node, V.PASSED, "mlflow 2.22.5", AFTER)[0] is V.PASSED
    assert excused(request.node, V.FAILED, "mlflow 3.1.4", AFTER)[0] is V.FAILED


@pytest.mark.parametrize(
    ("mlflow", "asked"), [("mlflow 3.0.0", True), ("mlflow 2.22.5", False), ("mlflow 3.5.0", False), ("", True)]
)
def test_requirement_is_asked_of_its_versions(request: pytest.FixtureRequest, mlflow: str, asked: bool) -> None:
    """A requirement with bounds is asked within them, and of an MLflow that says no version; so is a case."""
    one = Requirement(
        "ZZZ-001", Level.MUST, "zzz", "mlflow", "It.", "docs", since="3.0.0", until="3.5.0", otherwise="no models"
    )
    reason = unasked_of_version(request.node, [one], mlflow)
    assert (not reason) == asked
    assert asked or "of >=3.0.0,<3.5.0: no models" in reason or "of <3.5.0,>=3.0.0: no models" in reason

    request.node.add_marker(for_versions(">=3.0.0,<3.5.0", "no such thing"))
    assert (not unasked_of_version(request.node, [], mlflow)) == asked


@upstream_defect("mlflow#1", versions=">=3", expires="2099-01-01")
def test_absent_defect_of_a_deployment_of_others_is_no_mistake(request: pytest.FixtureRequest) -> None:
    """Where others start MLflow in their own way, a check that passes all the same has passed; here it is red."""
    judged = [excused(request.node, V.PASSED, "mlflow 3.17.2", strict=strict)[0] for strict in (True, False)]

    assert judged == [V.FAILED, V.PASSED]


def test_an_excused_check_is_inapplicable_and_a_mended_one_fails(project: Project) -> None:
    """In a run, the defect's reference stands in the report; a check that passes all the same is red."""
    project.requirement("ZZZ-002")
    project.requirement("ZZZ-003")
    defect = '@upstream_defect("mlflow#1", versions=">=3", expires="2099-01-01")'
    project.checks(f'''
from registry_conformance.judge.requirement import upstream_defect

@verifies("ZZZ-001")
{defect}
def test_is_there(door):
    """It is there."""
    expect_status(door.health(), 418)

@verifies("ZZZ-002")
{defect}
def test_is_mended(door):
    """It is mended."""
    expect_status(door.health(), 200)

@verifies("ZZZ-003")
def test_works(door):
    """It works."""
    expect_status(door.health(), 200)
''')
    code, output = project.run()
    report = json.loads((project.root / "reports" / "latest" / "verdicts.json").read_text())
    verdicts = {name: requirement["verdict"] for name, requirement in report["requirements"].items()}
    assert verdicts == {"ZZZ-001": "inapplicable", "ZZZ-002": "failed", "ZZZ-003": "passed"}, output
    assert "mlflow#1" in report["summary"]["inapplicable"]["ZZZ-001"]
    assert code == 1
    assert "passes although mlflow#1 is said to make it fail: take the excuse away" in output
    assert project.run("-k", "there or works")[0] == 0
