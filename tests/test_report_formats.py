"""Every format a pipeline eats: valid by its own schema or parser, and the same check is the same in each."""

from __future__ import annotations

import json
import re
import urllib.parse
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from haralyzer import HarParser
from jsonschema import Draft6Validator, Draft7Validator
from junitparser.xunit2 import JUnitXml
from referencing import Registry
from referencing.jsonschema import DRAFT6

from registry_conformance.judge.report import ctrf
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EXCHANGE, FLOW, HOP, check, green, mixed, run_of, seen

SCHEMAS = Path(__file__).parent / "schemas"
NASTY = {**EXCHANGE, "url": "http://h/a?b=%22c&d", "error": "reset: cut", "status": None, "response_headers": []}
RUNS = {
    "mixed": mixed(),
    "green": green(),
    "problem": run_of(problem="the image is missing", exit_code=6, target={"doors": {}, "versions": {}}),
    "nasty": run_of(
        check("odd[<&'\"|`>]", Verdict.FAILED, "ROU-001", evidence=(NASTY, FLOW), actual="a | b\n::error::x %"),
        exit_code=1,
    ),
}


@pytest.fixture(params=RUNS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, dict[str, Path]]:
    """A run, and its reports."""
    run = RUNS[request.param]
    return run, write(run, tmp_path / "run", Redactor(()))


def test_ctrf_fits_its_schema(written: tuple[Any, dict[str, Path]]) -> None:
    """The CTRF report is valid by the schema that the format publishes."""
    schema = json.loads((SCHEMAS / "ctrf-0.0.json").read_text())
    validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    document = json.loads(written[1]["ctrf"].read_text())

    assert [error.message for error in validator.iter_errors(document)] == []
    assert [*validator.iter_errors({**document, "results": {}})]


def test_har_fits_its_schema_and_loads(written: tuple[Any, dict[str, Path]]) -> None:
    """The HAR is valid by the schema of HAR 1.2, and a HAR parser reads every exchange, flows included."""
    run, paths = written
    parts = json.loads((SCHEMAS / "har-1.2.json").read_text())
    registry: Registry[Any] = Registry().with_resources(
        (name, DRAFT6.create_resource(part)) for name, part in parts.items()
    )
    validator = Draft6Validator(parts["har.json"], registry=registry)
    document = json.loads(paths["har"].read_text())
    parser = HarParser(document)
    evidence = [item for record in run.records for item in record.evidence]
    exchanges = [item for item in evidence if item["kind"] == "exchange"]
    flows = [exchange for item in evidence if item["kind"] == "flow" for exchange in item["exchanges"]]

    assert [error.message for error in validator.iter_errors(document)] == []
    assert [*validator.iter_errors({"log": {**document["log"], "version": 2}})]
    assert sorted(e.url for page in parser.pages for e in page.entries) == sorted(
        str(item["url"]) for item in (*exchanges, *flows)
    )
    assert {page.page_id for page in parser.pages} == {record.nodeid for record in run.records if record.evidence}


def test_har_tells_an_exchange(tmp_path: Path) -> None:
    """Method, status, phases, shown bodies and hops of an exchange stand where a viewer looks for them."""
    paths = write(mixed(), tmp_path, Redactor(()))
    entry = json.loads(paths["har"].read_text())["log"]["entries"][0]

    assert (entry["request"]["method"], entry["response"]["status"], entry["time"]) == ("PUT", 404, 12.4)
    phases = {"connect": 0.4, "send": 1.0, "wait": 10.0, "receive": 1.0}
    assert entry["timings"] == {"blocked": -1, "dns": -1, "ssl": -1, **phases}
    assert entry["startedDateTime"] == "2026-01-02T03:04:05.500+00:00"
    assert entry["response"]["content"]["text"] == EXCHANGE["response_body"]["text"]
    assert entry["_hops"] == [HOP]


def verdict_of(case: Element) -> str | None:
    """Return the verdict that a case of JUnit XML has as a property."""
    return next((item.get("value") for item in case.iter("property") if item.get("name") == "verdict"), None)


def test_each_check_is_the_same_in_each_format(written: tuple[Any, dict[str, Path]]) -> None:
    """By check: what is failed, skipped or passed in one format is so in all, and red ones are annotated once."""
    run, paths = written
    verdicts = {each["nodeid"]: each["verdict"] for each in json.loads(paths["verdicts"].read_text())["checks"]}
    by_ctrf = {
        f"{each['filePath']}::{each['name']}": each["rawStatus"]
        for each in json.loads(paths["ctrf"].read_text())["results"]["tests"]
        if "filePath" in each
    }
    suite = next(fromstring(paths["junit"].read_bytes()).iter("testsuite"))  # noqa: S314 - the document is our own
    by_junit = {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": verdict_of(case)
        for case in suite.iter("testcase")
        if case.get("classname") != "run"
    }
    index = re.search(r'id="index">(.*?)</script>', paths["page"].read_text(), re.DOTALL)
    by_page = {each["n"]: each["v"] for each in json.loads(index[1])["checks"]} if index else None
    results = [json.loads(file.read_text()) for file in paths["allure"].glob("*-result.json")]
    red = [name for name, verdict in verdicts.items() if verdict in {"failed", "error", "inconclusive"}]
    annotated = re.findall(r"title=(FAILED|ERROR|INCONCLUSIVE) ", paths["annotations"].read_text())

    assert by_ctrf == by_junit == by_page == verdicts == {each.nodeid: str(each.verdict) for each in run.records}
    assert sum(each["name"] != "The run itself" for each in results) == len(verdicts)
    assert len(annotated) == len(red)
    assert len(JUnitXml.fromfile(str(paths["junit"]))) == 1


def test_nothing_verified_is_red_everywhere(tmp_path: Path) -> None:
    """A run that verified nothing is green in no format."""
    paths = write(RUNS["problem"], tmp_path, Redactor(()))

    assert json.loads(paths["ctrf"].read_text())["results"]["summary"]["failed"] == 1
    assert paths["annotations"].read_text().startswith("::error title=Registry conformance::Nothing was verified")
    assert "not verified" in paths["badge"].read_text()
    assert paths["markdown"].read_text().startswith("## ⚠️ Nothing was verified")
    assert 'data-mood="doubt"' in paths["page"].read_text()


def test_part_of_the_suite_is_no_yes(tmp_path: Path) -> None:
    """A run that ended well and did not judge every MUST is neither good nor bad to the eye."""
    paths = write(green(skip=["ART-001"]), tmp_path, Redactor(()))

    assert 'data-mood="doubt"' in paths["page"].read_text()
    assert paths["markdown"].read_text().startswith("## ⚠️ Only a part was verified")
    assert "#a15800" in paths["badge"].read_text()


def test_annotation_cannot_be_forged(tmp_path: Path) -> None:
    """What a deployment answers stays one line of one command, and reads as it was once GitHub undoes the escapes."""
    paths = write(RUNS["nasty"], tmp_path, Redactor(()))
    lines = paths["annotations"].read_text().splitlines()

    assert len(lines) == 2
    assert lines[1].startswith("::error file=suites/contract/area/test_area.py,title=FAILED ROU-001::a | b%0Apytest")
    assert run_of(check("x", Verdict.FAILED, "ERR-001")).records[0].nodeid in _warning(tmp_path / "2")


def _warning(folder: Path) -> str:
    """Return the annotation of a SHOULD that failed, as GitHub reads it."""
    paths = write(run_of(check("x", Verdict.FAILED, "ERR-001", **seen()), exit_code=1), folder, Redactor(()))
    line = paths["annotations"].read_text().splitlines()[1]
    assert line.startswith("::warning file=suites/contract/area/test_area.py,line=12,title=FAILED ERR-001::404")
    return urllib.parse.unquote(line)


def test_markdown_is_a_table_with_a_fold(tmp_path: Path) -> None:
    """The summary counts, tells what is red behind a fold, and shows text from a deployment as text."""
    text = write(RUNS["nasty"], tmp_path, Redactor(()))["markdown"].read_text()

    assert "| **MUST** | 0 | 1 | 0 | 0 | 0 | 2 |" in text
    assert "<details><summary>1 red check</summary>" in text
    assert "test\\_odd\\[\\<&'\"\\|\\`\\>\\]" in text


def test_long_address_hides_no_answer(tmp_path: Path) -> None:
    """What was answered is seen in the summary and on the page, however long the address was that was asked."""
    actual = f"PUT http://127.0.0.1:8080/api/{'deep/' * 60}a.bin → 500 application/json 104 B"
    run = run_of(check("one", Verdict.FAILED, "ROU-001", actual=actual), exit_code=1)
    paths = write(run, tmp_path, Redactor(()))

    for name in ("markdown", "page"):
        assert "deep/deep/a.bin → 500 application/json 104 B" in paths[name].read_text()
    assert run.records[0].actual in json.loads(paths["verdicts"].read_text())["checks"][0]["actual"]


def test_badge_is_a_picture(written: tuple[Any, dict[str, Path]]) -> None:
    """The badge is well-formed SVG that says in words what it shows, in a colour for good, bad and doubt."""
    run, paths = written
    picture = fromstring(paths["badge"].read_bytes())  # noqa: S314 - the document is our own
    bad = "#a15800" if run.problem else "#c5221f"
    colour = "#15703f" if run.exit_code == 0 else bad

    assert picture.tag.endswith("svg")
    assert picture.get("aria-label", "").startswith("registry: ")
    assert colour in paths["badge"].read_text()


def test_ctrf_names_every_verdict_of_ours() -> None:
    """Error and inconclusive stay told apart as raw status."""
    tests = json.loads(b"".join(ctrf.chunks(mixed())))["results"]["tests"]

    assert [(each["status"], each["rawStatus"]) for each in tests] == [
        ("failed", "failed"),
        ("passed", "passed"),
        ("skipped", "inapplicable"),
        ("other", "inconclusive"),
        ("other", "error"),
    ]
