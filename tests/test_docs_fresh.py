"""The generated pages of docs/ say what the register and the stack say now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry_conformance.documents.artifact_api import Endpoint, render_artifact_api
from registry_conformance.documents.pages import (
    ARTIFACT_API,
    REQUIREMENTS,
    S3_REQUIREMENTS,
    SCORE,
    TROUBLESHOOTING,
    artifact_api_page,
    is_stale,
    requirements_page,
    s3_requirements_page,
    score_page,
    troubleshooting_page,
)
from registry_conformance.documents.requirements import render_requirements
from registry_conformance.judge.requirement import Level, Requirement
from registry_conformance.lab.stack.handle import OwnedStack

REMEDY = "run `make docs` and commit what it writes"
PLACE = "docs/mlflow.md#artifacts (3.17.2); https://www.rfc-editor.org/rfc/rfc9110#section-14"
ONE = Requirement("ART-001", Level.MUST, "artifacts", "mlflow", "It holds.", PLACE, "gateway")
VARYING = r"127\.0\.0\.1|localhost:\d|\b[0-9a-f]{32}\b|20\d\d-?\d\d-?\d\d|Signature=[^.]"
ANSWER = {
    "method": "GET",
    "url": "http://127.0.0.1:4711/api/mlflow/get-artifact?run_id=abc",
    "status": 404,
    "request_headers": [["Authorization", "Bearer ***"]],
    "request_body": {"size": 0},
    "response_headers": [["content-type", "application/json"], ["date", "today"]],
    "response_body": {"size": 40, "text": '{"message": "no abc", "error_code": "LOST"}'},
}


def test_requirements_page_is_fresh() -> None:
    """The page of requirements is what the register and the checks make of it."""
    assert not is_stale(REQUIREMENTS, requirements_page()), REMEDY


def test_s3_requirements_page_is_fresh() -> None:
    """The page of what bucket, role and logs must be is what the register and the promised documents make of it."""
    assert not is_stale(S3_REQUIREMENTS, s3_requirements_page()), REMEDY


def test_troubleshooting_page_is_fresh() -> None:
    """The troubleshooting guide is what the causes and the catalogue make of it."""
    assert not is_stale(TROUBLESHOOTING, troubleshooting_page()), REMEDY


def test_score_page_is_fresh() -> None:
    """The page of the score is what the committed run over mutants makes of it."""
    assert not is_stale(SCORE, score_page()), REMEDY


def test_artifact_api_page_is_fresh(stack: OwnedStack) -> None:
    """The page of the artifact API is what the reference deployment answers."""
    assert artifact_api_page(stack.target()) == ARTIFACT_API.read_text(), REMEDY


def test_artifact_api_page_holds_nothing_of_one_run() -> None:
    """No address, id, date or signature of the run that was observed stands in the page."""
    assert re.findall(VARYING, ARTIFACT_API.read_text()) == []


def test_a_page_that_is_missing_or_other_is_stale(tmp_path: Path) -> None:
    """A page is fresh only if it is there and the same."""
    page = tmp_path / "page.md"
    assert is_stale(page, "text")
    page.write_text("text")
    assert not is_stale(page, "text")
    assert is_stale(page, "other text")


def test_a_requirement_stands_with_its_checks() -> None:
    """A requirement is shown with level, sentence, source, and each of its checks."""
    page = render_requirements({ONE.id: ONE}, {ONE.id: ["suites/a.py::test_a", "suites/b.py::test_b"]})
    for told in ("1 requirements: 1 MUST", "## Artifacts", "### ART-001 (MUST)", ONE.text, "::test_b`"):
        assert told in page
    assert "[mlflow.md#artifacts](mlflow.md#artifacts) (3.17.2); [rfc9110#section-14](https://www.rfc-" in page
    assert "| gateway | 1 of 1 | artifacts | ART-001 |" in page


@pytest.mark.parametrize("told", ["| lost | 404 | `LOST` |", "GET /get-artifact?run_id=RUN", '"message": "no RUN"'])
def test_an_exchange_stands_without_what_varies(told: str) -> None:
    """Status, error code and messages are shown; ids become words, and dates and keys are left out."""
    words = {"abc": "RUN", "http://127.0.0.1:4711/api/mlflow": "https://HOST/api/mlflow"}
    seen = {"lost": ANSWER}
    page = render_artifact_api([Endpoint("GET", "/get-artifact", "Brings a file.", {}, seen)], words, "mlflow 1")

    assert told in page
    assert not re.search(r"today|Bearer \*|4711", page)
