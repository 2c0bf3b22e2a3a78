"""The compatibility matrix: its plan, its cells on real deployments of others, its results, its page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

import pytest

from registry_conformance.cli.main import run
from registry_conformance.documents.compatibility import compatibility_document, render_compatibility
from registry_conformance.judge.incompatibility import between
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.report import verdicts_json
from registry_conformance.judge.verdict import Verdict
from registry_conformance.judge.waiting import awaited
from registry_conformance.proof.matrix import newest, program, results, suite
from registry_conformance.proof.matrix.cell import NO, SUITE, UNKNOWN, YES, Cell, Outcome, Stage
from registry_conformance.proof.matrix.plan import MatrixPlan, MatrixPlanError, shard
from registry_conformance.proof.matrix.program import MatrixOptions, run_cells
from registry_conformance.proof.matrix.suite import why_red
from tests.report_runs import check, run_of

GOOD, BAD = Cell(Stage("2.22.5"), "2.22.5"), Cell(Stage("2.22.5"), "3.9.0")
OTHER = Cell(Stage("3.9.0"), "3.9.0")
WHOLE = Cell(Stage("3.9.0"), "3.9.0", SUITE)
PLAN = '[group.few]\nservers = ["2.22.5", "3.9.0"]\nclients = ["2.22.5", "3.9.0"]\n'


def outcomes(cell: Cell) -> Outcome:
    """Return what is known to become of a cell of these tests."""
    answer = NO if cell.incompatibility else YES
    why, verified = "The SDK uploads the model: 404" * (answer == NO), "300 of 300 MUST" * (cell.kind == SUITE)
    return Outcome(cell, answer, why, 1.0, {"store": "moto 5"}, "run-1", verified)


class Deployments:
    """Stands in the place of real deployments: each cell has the outcome that ``tell`` gives it."""

    def __init__(self, interrupt_after: int = 99) -> None:
        self.carried_out: list[Cell] = []
        self._interrupt_after = interrupt_after

    def __call__(self, cells: Sequence[Cell], _: Path, __: int, ___: program.Say, done: object, over: Event) -> None:
        """Tell each cell's outcome, until it is time to be interrupted."""
        assert callable(done)
        for cell in cells:
            if len(self.carried_out) >= self._interrupt_after:
                raise KeyboardInterrupt
            if not over.is_set():
                self.carried_out.append(cell)
                done(outcomes(cell))


def plan(tmp_path: Path, text: str = PLAN) -> Path:
    """Write a plan and return its file."""
    file = tmp_path / "matrix.toml"
    file.write_text(text)
    return file


def test_shipped_plan_is_one(tmp_path: Path) -> None:
    """The plan of this project is read, its sample is two deployments, and each cell has a name of its own."""
    shipped = MatrixPlan.read(ROOT / "matrix.toml")
    cells = shipped.cells(())

    assert len({cell.name for cell in cells}) == len(cells)
    assert len(shipped.cells(["sample"])) == 2
    assert [cell.client for cell in MatrixPlan.read(plan(tmp_path)).cells(())] == ["2.22.5", "3.9.0"] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[group.few]\nservers = ['3.9.0']", "needs servers and clients"),
        ("[group.few]\nservers = ['3.9']\nclients = 'same'", "servers has '3.9': '3.9' is no version"),
        ("[group.few]\nservers = '3.9.0'\nclients = 'same'", "servers is a list of texts"),
        ("[group.few]\nservers = ['3.9.0']\nclients = 'all'", 'clients is a list of texts, or "same"'),
        ("[group.few]\nservers = ['3.9.0']\nclients = 'same'\nstores = ['mino']", "stores has 'mino': there are"),
        ("[group.few]\nservers = ['3.9.0']\nclients = 'same'\nproxies = ['ngnix']", "proxies has 'ngnix': unknown"),
        ("[group.few]\nservers = ['3.9.0']\nclients = 'same'\nkind = 'check'", "kind is one of registration, suite"),
        ("[group.few]\nservers = ['3.9.0']\nclients = ['2.9.2']\nkind = 'suite'", "has the client of its server"),
        ("[groups]\n", "has tables [group.NAME]"),
        ("[group", "is not TOML"),
    ],
)
def test_plan_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be a plan is exit code 4, with the place and what is allowed."""
    file = plan(tmp_path, text)
    heard: list[str] = []
    code = program.matrix(file, tmp_path / "reports", MatrixOptions(), heard.append)

    assert code == 4
    assert said in heard[0]


def test_shares_are_all_and_keep_deployments_whole() -> None:
    """The shares of several machines are all cells, each once, and no deployment is started on two machines."""
    cells = MatrixPlan.read(ROOT / "matrix.toml").cells(())
    shares = [shard(cells, f"{number}/3") for number in (1, 2, 3)]

    assert sorted(cell for share in shares for cell in share) == sorted(cells)
    assert not {cell.start for cell in shares[0]} & {cell.start for cell in shares[1]}
    for wrong in ("0/3", "4/3", "1", "1/0"):
        with pytest.raises(MatrixPlanError, match="say which of how many"):
            shard(cells, wrong)


def test_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted run is exit code 2, and with --resume only what is left is carried out."""
    first = Deployments(interrupt_after=1)
    monkeypatch.setattr(program, "carry_out", first)
    assert program.matrix(plan(tmp_path), tmp_path, MatrixOptions(), lambda _: None) == 2
    second = Deployments()
    monkeypatch.setattr(program, "carry_out", second)
    assert program.matrix(plan(tmp_path), tmp_path, MatrixOptions(resume=True), lambda _: None) == 0

    assert len(first.carried_out) == 1
    assert len(second.carried_out) == 3
    assert len(results.earlier(tmp_path)) == 1
    assert len(results.earlier(tmp_path)[0].outcomes) == 4


def test_what_could_not_be_tried_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run with a cell that could not be tried is gone on with, for that cell alone."""
    found = results.begin(tmp_path)
    found.outcomes = {GOOD: outcomes(GOOD), OTHER: Outcome(OTHER, UNKNOWN, "the index does not answer")}
    program.conclude(found, tmp_path, None, lambda _: None)
    again = Deployments()
    monkeypatch.setattr(program, "carry_out", again)

    assert run_cells([GOOD, OTHER], tmp_path, MatrixOptions(resume=True), lambda _: None) == 0
    assert again.carried_out == [OTHER]
    assert len(results.earlier(tmp_path)) == 1


def test_known_no_is_as_it_should_be_and_a_new_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A no that is known upstream is exit code 0; a no that is not, or a yes against what is known, is 1; else 6."""
    monkeypatch.setattr(program, "carry_out", Deployments())
    assert run_cells([GOOD, BAD, OTHER], tmp_path, MatrixOptions(), lambda _: None) == 0
    for outcome, code in ((Outcome(OTHER, NO), 1), (Outcome(BAD, YES), 1), (Outcome(GOOD, UNKNOWN), 6)):
        found = results.begin(tmp_path)
        found.outcomes = {outcome.cell: outcome}
        said: list[str] = []
        assert program.conclude(found, tmp_path, None, said.append) == code
        assert "not as it should be" in " ".join(said)


def test_changes_are_told(tmp_path: Path) -> None:
    """What has another answer than in the run before is named, on the page too."""
    for answer in (YES, NO):
        found = results.begin(tmp_path)
        found.outcomes = {OTHER: Outcome(OTHER, answer)}
        said: list[str] = []
        program.conclude(found, tmp_path, None, said.append)
    line = "MLflow 3.9.0, sqlite, moto, envoy, client 3.9.0: yes before, no now"

    assert f"changed: {line}" in said
    assert line in (tmp_path / "matrix" / "latest" / "index.html").read_text()


def test_shards_are_merged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Results of two machines become one, with the reports of their cells."""
    folders = []
    for number, cell in enumerate((GOOD, BAD)):
        found = results.begin(tmp_path / str(number))
        found.add(outcomes(cell))
        report = found.folder / "cells" / cell.name
        report.mkdir(parents=True)
        (report / "index.html").write_text("a report")
        folders.append(f"--merge={found.folder}")

    assert run(["matrix", *folders, f"--report-dir={tmp_path}"]) == 0
    assert "2 of 2 cells" in capsys.readouterr().out
    page = (tmp_path / "matrix" / "latest" / "index.html").read_text()
    assert f"cells/{GOOD.name}/index.html" in page
    assert (tmp_path / "matrix" / "latest" / "cells" / BAD.name / "index.html").exists()
    assert run(["matrix", f"--merge={tmp_path}", f"--report-dir={tmp_path}"]) == 4
    assert "is no record of a matrix" in capsys.readouterr().out


def test_page_has_marks_reasons_and_no_markup_of_others(tmp_path: Path) -> None:
    """The page shows each answer, why not, and what is known upstream; what a server said is shown, not obeyed."""
    found = results.begin(tmp_path)
    found.outcomes = {GOOD: outcomes(GOOD), BAD: Outcome(BAD, NO, "<script>alert(1)</script>")}
    program.conclude(found, tmp_path, None, lambda _: None)
    text = (found.folder / "index.html").read_text()

    assert "clients of 3.x need a server of 3.x" in text
    assert "mlflow#16215" in text
    assert "<script>alert" not in text


def test_committed_page_says_what_was_measured() -> None:
    """The table has a row for each server and a column for each client; a known no has its reference, once."""
    cells = [each.document() for each in map(outcomes, (GOOD, BAD, OTHER))]
    text = render_compatibility(compatibility_document("2026-11-29T00:00:00+00:00", "0.1.0", cells))

    assert "Measured on 2026-11-29" in text
    assert "| server \\ client | 2.22.5 | 3.9.0 |" in text
    assert "| **2.22.5** | yes | **no** |" in text
    assert text.count("https://github.com/mlflow/mlflow/issues/16215") == 1


def test_whole_suites_are_cells_like_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite has a start and a folder of its own, is kept and resumed, and stands on the page and in the document."""
    both = f"{PLAN}[group.all]\nservers = ['3.9.0']\nclients = 'same'\nkind = 'suite'\n"
    first, second = Deployments(interrupt_after=4), Deployments()
    monkeypatch.setattr(program, "carry_out", first)
    assert program.matrix(plan(tmp_path, both), tmp_path, MatrixOptions(), lambda _: None) == 2
    monkeypatch.setattr(program, "carry_out", second)
    document = tmp_path / "compatibility.json"
    options = MatrixOptions(resume=True, document=document)
    assert program.matrix(plan(tmp_path, both), tmp_path, options, lambda _: None) == 0

    assert second.carried_out == [WHOLE]
    assert WHOLE.start != OTHER.start
    assert WHOLE.name == f"{OTHER.name}-suite"
    assert results.earlier(tmp_path)[0].outcomes[WHOLE].verified == "300 of 300 MUST"
    assert "Whole suites" in (tmp_path / "matrix" / "latest" / "index.html").read_text()
    assert "| 3.9.0 | sqlite | moto | envoy | green | 300 of 300 MUST |" in document.with_suffix(".md").read_text()
    assert "4 cells, 3 of" in document.with_suffix(".md").read_text()


def test_red_suite_names_its_first_requirement() -> None:
    """The first requirement that failed is told, a MUST before others, and how its check failed."""
    told = verdicts_json.render(
        run_of(check("hint", Verdict.FAILED, "ERR-001"), check("key", Verdict.FAILED, "AUT-001"))
    )

    assert why_red(told).startswith("AUT-001 (MUST): A wrong key is refused. test_key: key went wrong in detail")
    assert why_red(told).endswith(", and 1 more")


@pytest.mark.parametrize(("code", "answer"), [(0, YES), (1, NO), (5, UNKNOWN), (6, UNKNOWN), (3, UNKNOWN)])
def test_suite_ends_by_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, answer: str) -> None:
    """Only 0 is green and only 1 is red; whatever else happened was not verified, and says what it said."""
    report = json.dumps(verdicts_json.render(run_of(check("key", Verdict.FAILED, "AUT-001"))))

    def run(_: Cell, home: Path, name: str, __: int) -> list[str]:
        folder = home / "runs" / name
        folder.mkdir(parents=True)
        (folder / "verdicts.json").write_text(report)
        (folder / "allure-results").mkdir()
        return [sys.executable, "-c", f"raise SystemExit({code})"]

    monkeypatch.setattr(suite, "_command", run)
    told: list[Outcome] = []
    suite.suite(WHOLE, tmp_path / "kept", 1, told.append, Event())

    assert told[0].answer == answer
    assert bool(told[0].why) == (code != 0)
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["verdicts.json"]


def test_suite_is_broken_off_when_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is interrupted ends its suite, and knows nothing of it."""
    over = Event()
    told: list[Outcome] = []
    begun, mark = tmp_path / "begun", tmp_path / "interrupted"
    code = f"""
import pathlib, time
try:
    pathlib.Path({str(begun)!r}).touch()
    time.sleep(600)
except KeyboardInterrupt:
    pathlib.Path({str(mark)!r}).touch()
"""
    monkeypatch.setattr(suite, "_command", lambda *_: [sys.executable, "-c", code])

    def break_off() -> None:
        awaited(begun.exists, 60)
        over.set()

    breaking = Thread(target=break_off)
    breaking.start()
    suite.suite(WHOLE, tmp_path / "kept", 1, told.append, over)
    breaking.join()

    assert mark.exists()
    assert not told


def test_newest_are_those_that_nobody_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that is newer than all that was measured meets every client and server, an old one is left alone."""
    document = tmp_path / "compatibility.json"
    cells = [outcomes(OTHER).document()]
    document.write_text(json.dumps(compatibility_document("2026-11-29", "0.1.0", cells)))
    monkeypatch.setattr(newest, "releases", lambda: ["3.8.1", "3.9.0", "3.10.0"])
    found = newest.newest_cells(document, lambda _: None)

    new = Stage("3.10.0")
    registrations = [Cell(new, "3.9.0"), Cell(new, "3.10.0"), Cell(Stage("3.9.0"), "3.10.0")]
    assert found == [*registrations, Cell(new, "3.10.0", SUITE)]
    with pytest.raises(newest.ReleasesError, match="nothing is known to be measured"):
        newest.newest_cells(tmp_path / "none.json", lambda _: None)


@pytest.mark.parametrize(
    ("server", "client", "known"),
    [
        ("mlflow 2.22.5", "3.1.4", True),
        ("2.22.5", "2.22.5", False),
        ("3.0.0rc1", "3.1.4", False),
        ("3.1.4", "2.9.2", False),
        ("nothing", "3.1.4", False),
        ("2.22.5", "", False),
    ],
)
def test_what_cannot_work_together_is_known(server: str, client: str, known: bool) -> None:
    """Clients of 3.x are known not to register on servers before 3.0; of what names no version nothing is known."""
    assert (between(server, client) is not None) == known


@pytest.mark.parametrize(
    ("server", "store", "known"),
    [
        ("2.9.2", "minio", True),
        ("mlflow 2.9.2", "minio v0.0.0-20260212", True),
        ("2.9.2", "moto", False),
        ("2.9.2", "", False),
        ("2.12.2", "minio", True),
        ("2.22.5", "minio", False),
    ],
)
def test_what_cannot_work_on_a_store_is_known(server: str, store: str, known: bool) -> None:
    """The botocore of MLflow 2.12 is known to hang on MinIO, and of other stores that is not said."""
    assert (between(server, "2.9.2", store) is not None) == known
