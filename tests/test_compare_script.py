"""``compare`` and ``render`` as a user calls them, on good, damaged, foreign and newer files."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.cli.main import run as run_command
from registry_conformance.judge.report.compare import found
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.read import UnreadableError, read
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.run_snapshot import RunSnapshot
from registry_conformance.judge.report.verdicts_json import render
from registry_conformance.judge.report.write import write
from tests.report_runs import green, mixed
from tests.test_report_history import seeded
from tests.tree import ROOT

pytestmark = pytest.mark.usefixtures("forked_throughout")


def script(name: str, *arguments: str) -> tuple[int, str]:
    """Carry out a command in this process and return exit code and all that it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run_command([name, *arguments])
    return code, said.getvalue()


def program(name: str, *arguments: str) -> tuple[int, str]:
    """Run a script as a process and return exit code and all that it said."""
    command = [sys.executable, str(ROOT / "scripts" / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, done.stdout + done.stderr


def written(reports: Path, run: RunRecord) -> Path:
    """Write a run as a user has it, and return its verdicts.json."""
    return write(run, reports / "runs" / run.run_id, Redactor(()), history=History(reports))["verdicts"]


def test_two_nights_with_seeded_changes(tmp_path: Path) -> None:
    """Runs named by id are compared with the nights between them in mind, and exactly what changed is told."""
    runs = seeded()
    for run in runs:
        written(tmp_path, run)
    code, said = script("compare", runs[1].run_id, runs[2].run_id, f"--report-dir={tmp_path}")
    told = [line for line in said.splitlines() if line.startswith("  ") or line.isupper() or line[:1].isupper()]

    assert code == 1
    assert [line.partition(" (")[0] for line in told if not line.startswith("  ")] == [
        "NEWLY RED",
        "NEWLY GREEN",
        "FLAKY",
        "SLOWER",
        "NEWLY INAPPLICABLE",
        "GONE",
    ]
    assert len([line for line in told if line.startswith("  ")]) == 6
    assert "ROU-001 suites/contract/area/test_area.py::test_breaks: passed -> failed: breaks went wrong" in said
    assert said.splitlines()[-1].startswith("1 newly red, 1 newly green, 1 flaky, 1 slower")


def test_runs_are_named_in_every_way(tmp_path: Path) -> None:
    """File, folder, id, and a packed night all name a run; the same run twice has no changes."""
    file = written(tmp_path, green())
    run = green().run_id
    packed = tmp_path / "night.json.gz"
    packed.write_bytes(RunSnapshot.of(green()).pack())
    for name in (str(file), str(file.parent), str(packed)):
        assert script("compare", name, run, f"--report-dir={tmp_path}") == (
            0,
            script("compare", run, run, f"--report-dir={tmp_path}")[1],
        )
    said = program("compare", run, run, f"--report-dir={tmp_path}")
    assert said == script("compare", run, run, f"--report-dir={tmp_path}")  # as a process it is the same
    assert said[1].endswith("nothing changed\n")
    assert json.loads(script("compare", "--json", run, run, f"--report-dir={tmp_path}")[1])["newly_red"] == []


def test_reports_are_rendered_anew(tmp_path: Path) -> None:
    """What is rendered from verdicts.json tells the same run: read back, nothing is lost."""
    file = written(tmp_path, replace(mixed(), beyond={"OPS-001": "is judged elsewhere", "AUT-001": "not here either"}))
    code, said = program("render", str(file), str(tmp_path / "again"))

    assert (code, said) == (0, f"5 checks: {tmp_path / 'again' / 'index.html'}\n")
    assert render(read(tmp_path / "again" / "verdicts.json", Spool())) == json.loads(file.read_text())
    assert (tmp_path / "again" / "ctrf.json").read_text() == file.with_name("ctrf.json").read_text()


def test_past_of_a_run_is_told_anew(tmp_path: Path) -> None:
    """A run of this history has changes, trend and Allure history again, without later nights; others keep theirs."""
    runs = seeded()
    files = [written(tmp_path, run) for run in runs]
    whole = [read(file, Spool()) for file in files]
    for number, (run, file) in enumerate(zip(whole, files, strict=True)):
        assert script("render", run.run_id, str(tmp_path / f"{number}"), f"--report-dir={tmp_path}")[0] == 0
        for name in ("verdicts.json", "index.html", "allure-history.jsonl"):
            assert (tmp_path / f"{number}" / name).read_text() == file.with_name(name).read_text()
    script("render", str(files[2]), str(tmp_path / "far"), f"--report-dir={tmp_path / 'elsewhere'}")
    assert read(tmp_path / "far" / "verdicts.json", Spool()).changes == whole[2].changes


def test_a_report_of_the_older_schema_is_read(tmp_path: Path) -> None:
    """A run of version 1 is compared and rendered; what it says of a cause's share is no more than possible."""
    file = written(tmp_path, mixed())
    older = json.loads(file.read_text())
    for name in ("profiles", "registration"):
        older.pop(name, None)
    older["schema"] = "verdicts.v1"
    older["diagnosis"] = [
        {
            "id": "x", "layer": "proxy", "cause": "a route is missing", "confidence": 0.8, "alternative": False,
            "observations": [], "remedy": "add it", "link": "", "requirements": [], "checks": [],
        }
    ]  # fmt: skip
    file.write_text(json.dumps(older))

    assert [cause["band"] for cause in read(file, Spool()).diagnosis] == ["possible"]
    assert script("compare", str(file), str(file))[0] == 0
    assert script("render", str(file), str(tmp_path / "again"))[0] == 0


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda raw: raw[: len(raw) // 2], "is cut off or damaged"),
    "nearly whole": (lambda raw: raw[:-4], "is cut off or damaged"),
    "empty": (lambda _: b"", "is empty"),
    "no JSON": (lambda _: b"<html>not found</html>", "is not a verdicts.json"),
    "a list": (lambda _: b"[1, 2]", "is not a verdicts.json"),
    "foreign": (lambda _: b'{"schema": "faults.v1"}', "is not a verdicts.json: its schema is 'faults.v1'"),
    "newer": (lambda raw: raw.replace(b"verdicts.v2", b"verdicts.v3"), "is verdicts.v3, this suite knows verdicts.v2"),
    "garbled": (lambda raw: raw[:4000] + b"\x00\xff" + raw[4002:], "is cut off or damaged"),
    "a check without evidence": (lambda raw: raw.replace(b'"evidence"', b'"proof"'), "lacks 'checks.0.evidence'"),
    "an unknown verdict": (
        lambda raw: raw.replace(b'"verdict": "passed"', b'"verdict": "green"'),
        "'checks.1.verdict' is not a verdict",
    ),
    "evidence of another kind": (
        lambda raw: raw.replace(b'"kind": "note"', b'"kind": "rumour"'),
        "'checks.0.evidence.4.kind' is none of",
    ),
    "nested without end": (
        lambda _: b'{"schema": "verdicts.v2", "a": ' + b"[" * 300_000,
        "is nested more than 100 deep",
    ),
    "foreign and nested without end": (lambda _: b'{"a": ' + b"[" * 300_000, "is nested more than 100 deep"),
    "nothing but a schema": (lambda _: b'{"schema": "verdicts.v2"}', "lacks 'run'"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_report_is_refused_with_words(how: str, tmp_path: Path) -> None:
    """A truncated, foreign or newer file is refused by both scripts with one line and exit code 4."""
    damage, words = DAMAGE[how]
    file = written(tmp_path, mixed())
    file.write_bytes(damage(file.read_bytes()))
    for command in (("render", str(file), str(tmp_path / "again")), ("compare", str(file), str(file))):
        code, said = script(*command)
        assert code == 4, said
        assert words in said
        assert said.startswith(f"registry-conformance {command[0]}: {file}: ")
        assert len(said.splitlines()) == 1
    assert not (tmp_path / "again").exists()


def test_unknown_run_is_refused_with_words(tmp_path: Path) -> None:
    """A name that no run has, and a night that is damaged, are told as such."""
    assert script("compare", "nothing", "nothing", f"--report-dir={tmp_path}")[1].startswith(
        "registry-conformance compare: nothing: no such run; "
    )
    (tmp_path / "x.json.gz").write_bytes(b"not packed")
    code, said = script("compare", str(tmp_path / "x.json.gz"), "latest")
    assert (code, "no record of a run, or damaged" in said) == (4, True)
    assert script("compare")[0] == 4


def test_a_name_too_long_for_a_file_is_refused(tmp_path: Path) -> None:
    """A name that no file can have is no run, and said in a sentence."""
    with pytest.raises(UnreadableError, match="no such run"):
        found("x" * 5000, tmp_path)
