"""The JSON report: its schema, its summary, and what it says of each requirement and check."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.verdicts_json import render
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EVIDENCE, REGISTER, SCHEMA, check, green, mixed, run_of

VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER)


def problems(document: Any) -> list[str]:
    """Return what the schema finds wrong."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


@pytest.mark.parametrize(
    "run",
    [
        green(),
        mixed(),
        run_of(exit_code=5),
        run_of(problem="the image is missing", exit_code=6, target={"doors": {}, "versions": {}}),
        green(check("odd", Verdict.FAILED, evidence=EVIDENCE), leftovers=("model m",), exit_code=1),
        run_of(check("told", Verdict.FAILED, "ROU-001", diagnosis={"layer": "proxy", "cause": "c", "remedy": "r"})),
    ],
    ids=["green", "mixed", "empty", "problem", "leftovers", "diagnosed"],
)
def test_every_run_fits_the_schema(run: RunRecord) -> None:
    """Whatever a run came to, its report is valid, and survives a trip through JSON text."""
    document = render(run)

    assert problems(document) == []
    assert json.loads(json.dumps(document)) == document
    assert next(iter(document)) == "schema"


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Return the mixed report after ``change``."""
    document = copy.deepcopy(render(mixed()))
    change(document)
    return document


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(extra=1),
        lambda document: document["summary"].update(extra=1),
        lambda document: document["summary"]["checks"].pop("passed"),
        lambda document: document["checks"][0].update(extra=1),
        lambda document: document["checks"][0]["evidence"][0].update(extra=1),
        lambda document: document["checks"][0]["evidence"][0]["request_headers"].append(["only a name"]),
        lambda document: document["checks"][0].update(verdict="green"),
        lambda document: document["requirements"]["AUT-001"].pop("reason"),
        lambda document: document["requirements"]["ROU-001"].update(reason="none is due"),
        lambda document: document["requirements"].update({"bad id": document["requirements"]["ROU-001"]}),
        lambda document: document["target"]["capabilities"].update(witness=True),
        lambda document: document.update(schema="verdicts.v3"),
    ],
)
def test_schema_is_strict(change: Callable[[dict[str, Any]], Any]) -> None:
    """A field too many, too few or of another form is refused everywhere."""
    assert problems(broken(change))


def test_summary_reads_on_its_own() -> None:
    """The summary counts requirements, by level too, and checks, and says why a requirement is not passed."""
    summary = render(mixed())["summary"]

    assert summary["requirements"] == {
        "untested": 1,
        "inapplicable": 1,
        "passed": 1,
        "inconclusive": 1,
        "failed": 0,
        "error": 1,
    }
    assert summary["levels"]["MUST"] == {
        **dict.fromkeys(summary["requirements"], 0),
        "inapplicable": 1,
        "passed": 1,
        "error": 1,
    }
    assert sum(summary["levels"]["SHOULD"].values()) == sum(summary["levels"]["MAY"].values()) == 1
    assert summary["checks"]["failed"] == 1
    assert summary["inapplicable"] == {"AUT-001": "the store does not enforce keys"}
    assert summary["red"] == {"ROU-001": "error", "ERR-001": "inconclusive"}
    assert summary["untested"] == ["OPS-001"]


def test_requirement_names_its_checks() -> None:
    """Each requirement of the register is told with its verdict and every check that judged it."""
    requirements = render(mixed())["requirements"]

    assert list(requirements) == list(REGISTER)
    assert [nodeid.rpartition("::")[2] for nodeid in requirements["ROU-001"]["checks"]] == [
        "test_routes",
        "test_breaks",
    ]
    assert requirements["AUT-001"]["reason"] == "the store does not enforce keys"
    assert "reason" not in requirements["ROU-001"]


def test_inapplicable_in_one_place_only_is_passed() -> None:
    """A requirement verified by one check and inapplicable for another is passed, and needs no reason."""
    document = render(green(check("skips", Verdict.INAPPLICABLE, "AUT-001", message="no store here")))

    assert document["requirements"]["AUT-001"]["verdict"] == "passed"
    assert document["summary"]["inapplicable"] == {}


def test_reasons_are_told_once_each() -> None:
    """Several reasons of one requirement are joined, each named once."""
    reasons = ["no store here", "no logs here", "no store here"]
    records = [check(f"c{n}", Verdict.INAPPLICABLE, "AUT-001", message=reason) for n, reason in enumerate(reasons)]

    assert render(run_of(*records))["summary"]["inapplicable"] == {"AUT-001": "no store here; no logs here"}
