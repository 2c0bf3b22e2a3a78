"""The Allure results, as Allure reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.report.allure import environment, write_results
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EVIDENCE, EXCHANGE, check, green, mixed, run_of, seen


def results(run: RunRecord, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the results and return name -> result."""
    write_results(run, folder)
    read = [json.loads(path.read_text()) for path in folder.glob("*-result.json")]
    return {result["name"]: result for result in read}


def labels(result: dict[str, Any], name: str) -> list[str]:
    """Return the values of one label."""
    return [label["value"] for label in result["labels"] if label["name"] == name]


@pytest.mark.parametrize(
    ("verdict", "status", "message"),
    [
        (Verdict.PASSED, "passed", None),
        (Verdict.FAILED, "failed", "SHOULD ERR-001: one went wrong"),
        (Verdict.ERROR, "broken", "error: one went wrong"),
        (Verdict.INCONCLUSIVE, "broken", "inconclusive: one went wrong"),
        (Verdict.INAPPLICABLE, "skipped", "inapplicable: no store"),
    ],
)
def test_verdict_has_its_status(verdict: Verdict, status: str, message: str | None, tmp_path: Path) -> None:
    """Each verdict has Allure's status; the message leads with what the categories go by."""
    parts = {"message": "no store"} if verdict is Verdict.INAPPLICABLE else {}
    result = results(run_of(check("one", verdict, "ERR-001", **parts)), tmp_path)["Claim of one"]

    assert result["status"] == status
    assert result.get("statusDetails", {}).get("message") == message


def test_requirement_is_told_in_allures_words(tmp_path: Path) -> None:
    """Requirement, level, layer, area and door stand in the labels and parameters that Allure groups by."""
    run = run_of(check("routes", Verdict.FAILED, "ROU-001", "ERR-001", door="canonical", evidence=EVIDENCE, **seen()))
    result = results(run, tmp_path)["Claim of routes"]

    assert labels(result, "tag") == ["ROU-001", "ERR-001"]
    assert labels(result, "severity") == ["critical"]
    assert labels(result, "epic") == ["proxy", "mlflow"]
    assert labels(result, "feature") == ["routing", "errors"]
    assert labels(result, "door") == ["canonical"]
    assert "parameters" not in result
    assert result["statusDetails"]["message"] == "MUST ROU-001, ERR-001: 404 text/html 207 B"
    assert result["stop"] - result["start"] == 250


def test_evidence_is_attached(tmp_path: Path) -> None:
    """The evidence is a text that lists everything and tells each exchange; each log is a file of its own."""
    result = results(run_of(check("routes", Verdict.FAILED, "ROU-001", evidence=EVIDENCE)), tmp_path)["Claim of routes"]
    files = {attachment["name"]: tmp_path / attachment["source"] for attachment in result["attachments"]}
    overview, exchange = files["evidence"].read_text().split(f"\n\n{'-' * 72}\n")

    assert overview.splitlines()[0].endswith("-> 404 text/html 207 B in 12 ms, request id req-7")
    assert overview.splitlines()[1:] == [
        "registration of a sklearn model: 2 exchanges",
        f"object artifacts/1/model.pkl: 8192 B, sha256 {'0' * 64}",
        "note: the origin answered 200",
        "rerun: pytest 'suites/contract/area/test_area.py::test_routes'",
    ]
    assert exchange.splitlines() == [
        "PUT http://127.0.0.1:8080/api/mlflow/api/2.0/mlflow-artifacts/artifacts/1/model.pkl",
        "Authorization: Bearer ***",
        "",
        f"[8192 B, sha256 {'0' * 64}]",
        "",
        "-> 404 in 0.012 s",
        "Content-Type: text/html; charset=utf-8",
        "",
        f"[207 B, sha256 {'1' * 64}]",
        "<!doctype html>",
        "<title>404 Not Found</title>",
        "",
        "log of proxy: 404 in 3 ms",
        '  {"request_id": "req-7", "status": 404, "ms": 3, "details": "route_not_found"}',
    ]
    assert [line.split(" -> ")[0] for line in files["registration of a sklearn model"].read_text().splitlines()] == [
        "registration of a sklearn model",
        f"+0.000 s POST {EXCHANGE['url']}",
        "+0.100 s    experiment done",
        f"+0.200 s PUT {EXCHANGE['url']}",
        "+0.400 s    run done",
    ]
    assert files["log of proxy"].read_text() == "starting\nno route matched"
    assert {path.name for path in files.values()} == {path.name for path in tmp_path.glob("*-attachment.*")}


def test_identity_is_stable_over_runs(tmp_path: Path) -> None:
    """A case keeps its history id from run to run; cases of one check share the check's id and nothing else."""
    records = [check(f"one[{door}]", Verdict.PASSED, "ROU-001") for door in ("canonical", "literal")]
    first = results(run_of(*records, run_id="verify-1"), tmp_path / "1")
    second = results(run_of(*records, run_id="verify-2"), tmp_path / "2")
    cases = list(first.values())

    assert {name: result["historyId"] for name, result in first.items()} == {
        name: result["historyId"] for name, result in second.items()
    }
    assert [case["parameters"] for case in cases] == [
        [{"name": "case", "value": case["name"].rpartition("[")[2].removesuffix("]")}] for case in cases
    ]
    assert cases[0]["testCaseId"] == cases[1]["testCaseId"]
    assert cases[0]["historyId"] != cases[1]["historyId"]
    assert cases[0]["fullName"] == "suites.contract.area.test_area#test_one"


def test_run_that_verified_nothing_is_broken(tmp_path: Path) -> None:
    """A run without a verdict has one broken result; a green one has none."""
    assert results(run_of(problem="no image", exit_code=6), tmp_path / "none")["The run itself"]["status"] == "broken"
    assert "The run itself" not in results(green(), tmp_path / "green")


def test_environment_is_a_properties_file() -> None:
    """Doors, versions and capabilities stand one a line, escaped as Java reads them."""
    run = run_of(target={"versions": {"my sql": "8 é\\😀\n=:"}, "faults": ["route-missing"]})
    lines = environment(run).decode("ascii").splitlines()

    assert "version.my\\ sql = 8 \\u00e9\\\\\\ud83d\\ude00 =:" in lines
    assert "door.canonical = http://127.0.0.1:8080/api/mlflow" in lines
    assert "capability.store-keys = no: the store does not enforce keys" in lines
    assert "faults = route-missing" in lines


def test_each_red_status_has_a_category(tmp_path: Path) -> None:
    """Every result that is not passed falls into one of the categories."""
    found = results(mixed(), tmp_path)
    categories = json.loads((tmp_path / "categories.json").read_text())
    for result in (result for result in found.values() if result["status"] != "passed"):
        matching = [
            category["name"]
            for category in categories
            if result["status"] in category["matchedStatuses"]
            and re.fullmatch(category.get("messageRegex", r"[\s\S]*"), result["statusDetails"]["message"])
        ]
        assert len(matching) == 1, result["statusDetails"]
