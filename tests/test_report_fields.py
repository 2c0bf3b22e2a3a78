"""A report with a field of another type is refused by its field, or rendered; it never ends in a traceback."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.cli.main import run as command
from registry_conformance.judge.report.bundle_page import BundleUnreadableError, render_bundle
from registry_conformance.judge.report.changes import compare
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.history import trend_of
from registry_conformance.judge.report.read import UnreadableError, read
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.run_snapshot import RunSnapshot, SnapshotError
from registry_conformance.judge.report.verdicts_json import render
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EVIDENCE, check, run_of

Place = tuple[str | int, ...]
OTHERS: Sequence[Any] = (5, "x", None, {"x": 5})
"""A value of every type; most fields can be none of them."""
UNREAD = ("schema", "verdict", "sentence", "summary", "profiles")
"""Fields that are computed anew from the others."""
UNCHANGING = (
    "command",
    "expected",
    "how",
    "message",
    "method",
    "name",
    "part",
    "reason",
    "sha256",
    "source",
    "text",
    "why",
)
"""Texts that are only printed."""
FIGURES = {
    "users": 2, "begins": 0.0, "ends": 4.0, "requests": 9, "rate": 2.2, "p50": 0.1, "p95": 0.2, "p99": 0.3,
    "errors": 0.0,
}  # fmt: skip
LOAD: dict[str, Any] = {
    "plan": "shape=steady",
    "series": "one",
    "seconds": 4.0,
    "requests": 9,
    "acknowledged": 3,
    "rate": 2.2,
    "p95": 0.2,
    "steps": [FIGURES],
    "over_time": [FIGURES],
    "kinds": {"search": FIGURES},
    "knee": FIGURES,
    "parts": {"mlflow": {"cpu": 0.5, "most_cpu": 1.0, "memory_first": 9.0, "memory_last": 9.0, "connections": 2}},
    "errors": {"502 by the proxy": 2},
    "generator": {"cpu": 0.1, "lag": 0.01, "saturated": ""},
    "lost_workers": ["one"],
    "ended_early": ["so"],
    "killed": {"part": "mlflow", "recovery": 2.0},
    "proof": {
        "where": "the origin",
        "looked_at": {"model": 3},
        **{name: ["m"] for name in ("lost", "corrupted", "doubled", "same_number", "nowhere", "stale", "unseen")},
        "counts": {"lost": 1, "corrupted": 1, "doubled": 1, "same_number": 1, "nowhere": 1, "stale": 1},
    },
    "linearizable": {"ok": 1, "illegal": ["x"], "unknown": ["y"], "unseen": ""},
    "compared": {"run": "verify-1", "rate": 1.0, "p95": 1.0},
}
CAUSE = {
    "id": "routes", "layer": "proxy", "cause": "a route is missing", "band": "likely", "alternative": False,
    "note": False, "observations": ["seen"], "remedy": "add it", "link": "", "requirements": ["ROU-001"],
    "checks": ["suites/contract/area/test_area.py::test_odd"],
}  # fmt: skip
CHANGE = {"name": "a", "before": "passed", "after": "failed", "requirements": ["ROU-001"], "why": "so"}
CHANGES = {
    "since": "verify-1",
    "started": "2026-01-01T03:04:05+00:00",
    **{
        name: [CHANGE]
        for name in ("newly_red", "newly_green", "flaky", "slower", "newly_inapplicable", "gone", "new", "versions")
    },
}


def whole() -> dict[str, Any]:
    """Return a report that has every field."""
    diagnosis = {"layer": "proxy", "cause": "a route is missing", "remedy": "add it"}
    odd = check("odd", Verdict.FAILED, "ROU-001", evidence=EVIDENCE, diagnosis=diagnosis)
    moment = "2026-01-01T03:04:05+00:00"
    run = run_of(
        odd,
        exit_code=1,
        leftovers=("model m",),
        load=LOAD,
        diagnosis=[CAUSE],
        changes=CHANGES,
        spent={"requests": {"used": 3, "allowed": 9}},
        fault_score={
            "faults": 2, "caught": 2, "named_first": 2, "named_in_three": 2, "false_alarms": 0, "finished": moment
        },
        mutant_score={
            "judged": 2, "killed": 2, "survived": 0, "undecided": 0, "catalogue": 9, "started": moment
        },
        client="3.1.0",
        target={
            "images": {"proxy": "sha256:" + "a" * 64},
            "promises": {"profiles": {"mlflow": {"promised": True, "how": "so"}}, "features": {}},
            "broken_doors": {"canonical": "no answer"},
        },
    )  # fmt: skip
    return render(run)


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yield the path of each field of a document."""
    if at:
        yield at
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*at, name))


def changed(document: Any, at: Place, value: Any) -> Any:
    """Return a document with another value at one place."""
    found = copy.deepcopy(document)
    table = found
    for part in at[:-1]:
        table = table[part]
    table[at[-1]] = value
    return found


WHOLE = whole()


def _again(place: Place) -> bool:
    """Return whether a place has the form of another one that is changed."""
    return (place[0] == "requirements" and place[1:2] not in ((), ("ROU-001",))) or place[-1] in UNREAD[1:]


def put(file: Path, document: Any) -> Path:
    """Write a document as JSON, and return its file."""
    file.write_text(json.dumps(document))
    return file


@pytest.mark.parametrize("part", [part for part in WHOLE if part not in UNREAD])
def test_a_field_of_another_type_is_refused_by_its_name(part: str, tmp_path: Path) -> None:
    """Each field in turn has a value of each type; what is read can be rendered and compared."""
    for place in [each for each in places(WHOLE) if each[0] == part and not _again(each)]:
        for value in OTHERS:
            file = put(tmp_path / "verdicts.json", changed(WHOLE, place, value))
            try:
                run = read(file, Spool())
            except UnreadableError as problem:
                assert str(problem).startswith(f"{file}: says that it is verdicts.v2, but "), place
                assert str(place[0]) in str(problem), place
                continue
            if value == "x" and place[-1] not in UNCHANGING:
                now = RunSnapshot.of(run)
                compare(now, RunSnapshot.unpack(now.pack())).document()
                write(run, tmp_path / "again", Redactor(()))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("run",), 5, "'run' is not a text"),
        (("run",), "../x", "'run' is not a name"),
        (("target",), {}, "lacks 'target.name'"),
        (("started",), "x", "'started' is not a time"),
        (("seconds",), None, "'seconds' is not a number"),
        (("seconds",), 1e300, "'seconds' is out of range"),
        (("leftovers",), None, "'leftovers' is not a list"),
        (("spent",), None, "'spent' is not an object"),
        (("diagnosis",), None, "'diagnosis' is not a list"),
        (("problem",), 5, "'problem' is not a text"),
        (("checks",), 5, "'checks' is not a list"),
        (("checks", 0, "evidence", 0, "status"), "x", "'checks.0.evidence.0.status' is not a whole number"),
    ],
)
@pytest.mark.parametrize("name", ["render", "compare"])
def test_a_command_says_which_field_it_is(
    name: str, place: Place, value: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the file and the field, and exit code 4; no class of Python's is named."""
    file = put(tmp_path / "verdicts.json", changed(WHOLE, place, value))

    assert command([name, str(file), str(tmp_path / "again" if name == "render" else file)]) == 4
    printed = capsys.readouterr().err
    assert f"{file}: says that it is verdicts.v2, but {said}" in printed
    assert "Error" not in printed
    assert len(printed.splitlines()) == 1


def test_a_number_that_is_too_long_is_told(tmp_path: Path) -> None:
    """Python converts no more than some thousand digits."""
    file = put(tmp_path / "verdicts.json", {"schema": "verdicts.v2", "exit_code": 0})
    file.write_text(file.read_text().replace("0}", "9" * 5000 + "}"))

    with pytest.raises(UnreadableError, match=r"verdicts\.json: "):
        read(file, Spool())


def test_a_killed_part_without_a_recovery_is_rendered(tmp_path: Path) -> None:
    """The schema has null there."""
    place = ("load", "killed", "recovery")
    run = read(put(tmp_path / "verdicts.json", changed(WHOLE, place, None)), Spool())

    assert "is not known" in write(run, tmp_path / "again", Redactor(()))["summary"].read_text()


def test_a_summary_of_another_form_is_told(tmp_path: Path) -> None:
    """A night of the history with a field of another type is none, and is left out where a trend is drawn."""
    snapshot = RunSnapshot.of(read(put(tmp_path / "verdicts.json", WHOLE), Spool())).pack()
    document = json.loads(gzip.decompress(snapshot))
    for place in places(document):
        for value in (5, "x", None, {"x": 5}):
            packed = gzip.compress(json.dumps(changed(document, place, value)).encode())
            try:
                night = RunSnapshot.unpack(packed)
            except SnapshotError:
                continue
            compare(night, night).document()
            trend_of(night)
    with pytest.raises(SnapshotError, match="'started' is not a time"):
        RunSnapshot.unpack(gzip.compress(json.dumps(changed(document, ("started",), "x")).encode()))


BUNDLE = {
    "schema": "doctor-bundle.v1",
    "target": {"name": "one", "doors": {"given": "http://127.0.0.1:1"}},
    "verdict": ["NO"],
    "diagnosis": [{"band": "likely", "layer": "proxy", "cause": "c", "observations": ["o"], "remedy": "r"}],
    "facts": {"a.b.P": {"normal": True, "value": "200", "sentence": "s"}},
    "exchanges": [{"fact": "a.b.P", "method": "GET", "url": "http://127.0.0.1:1", "status": 200}],
}


def test_a_bundle_with_a_field_of_another_type_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is rendered, or refused by the field's name."""
    for place in places(BUNDLE):
        for value in OTHERS:
            file = put(tmp_path / "bundle.json", changed(BUNDLE, place, value))
            try:
                render_bundle(file, tmp_path / "page")
            except BundleUnreadableError as problem:
                assert str(place[0]) in str(problem)
    file = put(tmp_path / "bundle.json", changed(BUNDLE, ("facts", "a.b.P"), {}))
    assert command(["render", str(file), str(tmp_path / "page")]) == 4
    assert "lacks 'facts.a.b.P.normal'" in capsys.readouterr().err


def test_no_control_character_gets_into_a_page(tmp_path: Path) -> None:
    """Whoever prints the file to a terminal has nothing of the report carried out."""
    hostile = "\x1b]0;owned\x07\x9b31m\u202e"
    document = WHOLE
    for place in (("requirements", "ROU-001", "text"), ("requirements", "ROU-001", "area"), ("series",), ("command",)):
        document = changed(document, place, hostile)
    run = read(put(tmp_path / "verdicts.json", document), Spool())
    for file in write(run, tmp_path / "again", Redactor(())).values():
        assert file.is_dir() or not set(hostile) & {*"\x1b\x07\x9b\u202e"} & set(file.read_text()), file
    bundle = changed(BUNDLE, ("facts", "a.b.P", "sentence"), hostile)
    page = render_bundle(put(tmp_path / "bundle.json", bundle), tmp_path / "page").read_text()
    assert not {*"\x1b\x07\x9b\u202e"} & set(page)
    assert "owned" in page
