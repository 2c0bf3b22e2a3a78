"""The JUnit report, read back as a build server reads it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

import pytest

from registry_conformance.judge.report.junit import render
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import check, green, mixed, run_of


def cases(run: RunRecord) -> Iterator[Element]:
    """Yield the test cases of the rendered document."""
    return fromstring(render(run)).iter("testcase")  # noqa: S314 - the document is our own


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.PASSED, []),
        (Verdict.FAILED, [("failure", "failed")]),
        (Verdict.ERROR, [("error", "error")]),
        (Verdict.INCONCLUSIVE, [("error", "inconclusive")]),
        (Verdict.INAPPLICABLE, [("skipped", "inapplicable")]),
        (Verdict.UNTESTED, [("skipped", "untested")]),
    ],
)
def test_verdict_has_its_outcome(verdict: Verdict, outcome: list[tuple[str, str]]) -> None:
    """Each verdict is told by the element that build servers know, and typed with our word."""
    case = next(
        cases(run_of(check("one", verdict, "ROU-001", message="why so"), check("ok", Verdict.PASSED, "ART-001")))
    )
    results = [child for child in case if child.tag in {"failure", "error", "skipped"}]

    assert [(result.tag, result.get("type")) for result in results] == outcome
    assert all(result.get("message") == "why so" for result in results)


def test_case_names_check_and_requirements() -> None:
    """A case has pytest's own class and name, the requirement ids, the level and the seconds."""
    case = next(cases(mixed()))
    properties = [(item.get("name"), item.get("value")) for item in case.iter("property")]

    assert case.get("classname") == "suites.contract.area.test_area"
    assert case.get("name") == "test_routes"
    assert case.get("time") == "0.25"
    assert ("requirement", "ROU-001") in properties
    assert ("level", "MUST") in properties
    assert ("door", "canonical") in properties


@pytest.mark.parametrize(
    "run",
    [
        run_of(exit_code=5),
        run_of(check("skips", Verdict.INAPPLICABLE, "ROU-001", message="no store"), exit_code=5),
        run_of(check("ok", Verdict.PASSED, "ROU-001"), problem="the proxy died", exit_code=6),
    ],
    ids=["nothing ran", "nothing applied", "broke off"],
)
def test_nothing_verified_is_never_green(run: RunRecord) -> None:
    """A run that verified nothing, or broke off, has an error of its own."""
    document = fromstring(render(run))  # noqa: S314 - the document is our own

    assert document.get("errors") == "1"
    assert [case.get("name") for case in document.iter("testcase")][-1] == "the run itself"


def test_green_run_has_no_case_of_its_own() -> None:
    """A run that verified something has its checks as cases and no other."""
    document = fromstring(render(green()))  # noqa: S314 - the document is our own

    assert (document.get("tests"), document.get("errors"), document.get("failures")) == ("5", "0", "0")


def test_control_characters_leave_valid_xml() -> None:
    """What XML cannot hold is replaced, and the rest is kept."""
    case = next(cases(run_of(check("one", Verdict.FAILED, "ROU-001", message="\x1b[31mred\x00 <b> é 😀 \ud800 end"))))
    failure = case.find("failure")

    assert failure is not None
    assert failure.text == "?[31mred? <b> é 😀 ? end"
