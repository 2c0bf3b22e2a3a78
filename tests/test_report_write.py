"""Report folders: whole files, an atomic ``latest``, pruning, and clear errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from registry_conformance.judge.report import allure
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import VERDICTS, ReportFolderError, check_writable, prune, publish, write
from registry_conformance.judge.verdict import Verdict, count
from tests.report_runs import SCHEMA, check, green, mixed, run_of

ROOT = SCHEMA.parent.parent.parent
NOTHING = Redactor(())


def written(reports: Path, run_id: str) -> Path:
    """Write a green run into its folder and return that."""
    folder = reports / "runs" / run_id
    write(green(run_id=run_id), folder, NOTHING)
    return folder


def test_all_formats_agree(tmp_path: Path) -> None:
    """JSON, JUnit, Allure and summary count the same checks, and the paths returned are all there is."""
    run = mixed()
    paths = write(run, tmp_path, NOTHING)
    counts = json.loads(paths["verdicts"].read_text())["summary"]["checks"]
    junit = next(fromstring(paths["junit"].read_bytes()).iter("testsuite"))  # noqa: S314 - the document is our own
    results = [json.loads(path.read_text())["status"] for path in paths["allure"].glob("*-result.json")]

    assert counts == count(record.verdict for record in run.records)
    assert int(junit.get("failures", 0)) == results.count("failed") == counts["failed"]
    assert int(junit.get("errors", 0)) == results.count("broken") == counts["error"] + counts["inconclusive"]
    assert int(junit.get("skipped", 0)) == results.count("skipped") == counts["inapplicable"]
    assert int(junit.get("tests", 0)) == len(results) == sum(counts.values())
    assert ["checks", *"111110"] in [line.split() for line in paths["summary"].read_text().splitlines()]
    assert sorted(paths.values()) == sorted(tmp_path.iterdir())


def test_writing_twice_leaves_one_report(tmp_path: Path) -> None:
    """A second report of the same run replaces the first, in every format."""
    write(mixed(), tmp_path, NOTHING)
    paths = write(run_of(check("one", Verdict.PASSED, "ROU-001")), tmp_path, NOTHING)

    assert len(list(paths["allure"].glob("*-result.json"))) == 1
    assert len(json.loads(paths["verdicts"].read_text())["checks"]) == 1


def test_text_that_is_no_unicode_is_written(tmp_path: Path) -> None:
    """A lone surrogate in a message, as from an odd file name, breaks no format."""
    paths = write(run_of(check("one", Verdict.FAILED, "ROU-001", actual="name \udcff")), tmp_path, NOTHING)

    assert json.loads(paths["verdicts"].read_text())["checks"][0]["actual"] == "name \\udcff"


def test_latest_is_the_last_run_published(tmp_path: Path) -> None:
    """``latest`` is a relative link that follows the last run, so a moved report folder still works."""
    for run_id in ("verify-1", "verify-2"):
        publish(tmp_path, written(tmp_path, run_id))

    assert str((tmp_path / "latest").readlink()) == "runs/verify-2"
    assert json.loads((tmp_path / "latest" / "verdicts.json").read_text())["run"] == "verify-2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "runs"]


def test_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Runs that write, publish and prune at once all end whole, and ``latest`` is one of them."""

    def one(number: int) -> Path:
        folder = written(tmp_path, f"verify-{number}")
        publish(tmp_path, folder)
        prune(tmp_path)
        return folder

    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(one, range(8)))

    assert all(json.loads((folder / "verdicts.json").read_text())["run"] == folder.name for folder in folders)
    assert (tmp_path / "latest").resolve() in folders
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "runs"]


def test_folder_in_place_of_latest_is_left_alone(tmp_path: Path) -> None:
    """Where ``latest`` is someone's folder, it stays, and the error says what to do."""
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine.txt").touch()
    folder = written(tmp_path, "verify-1")

    with pytest.raises(ReportFolderError, match="in the way; move it, or write elsewhere with --report-dir=DIR"):
        publish(tmp_path, folder)
    assert (tmp_path / "latest" / "mine.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "runs"]


def test_prune_keeps_the_newest_the_latest_and_the_foreign(tmp_path: Path) -> None:
    """Only complete runs of ours go, oldest first, never the one that ``latest`` names."""
    folders = [written(tmp_path, f"verify-{number}") for number in range(6)]
    for age, folder in enumerate(folders):
        os.utime(folder / "verdicts.json", (1000 + age, 1000 + age))
    publish(tmp_path, folders[0])
    (tmp_path / "runs" / "unfinished").mkdir()
    foreign = tmp_path / "runs" / "foreign"
    foreign.mkdir()
    (foreign / "verdicts.json").write_text('{"schema": "another"}')
    (tmp_path / "runs" / "link").symlink_to(folders[5])

    gone = prune(tmp_path, keep=2)

    assert sorted(gone) == folders[1:4]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "foreign",
        "link",
        "unfinished",
        "verify-0",
        "verify-4",
        "verify-5",
    ]


def test_writable_folder_is_left_as_found(tmp_path: Path) -> None:
    """The probe makes the folder and leaves nothing but ``runs`` in it."""
    check_writable(tmp_path / "new" / "reports")

    assert [path.name for path in (tmp_path / "new" / "reports").iterdir()] == ["runs"]


def test_file_in_place_of_the_folder(tmp_path: Path) -> None:
    """A file where the folder should be is named, with the remedy."""
    (tmp_path / "reports").touch()

    with pytest.raises(ReportFolderError, match=r"reports: something that is no report folder .* --report-dir=DIR"):
        check_writable(tmp_path / "reports")


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may read and not write, whoever runs it."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        if user == 0:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


def test_read_only_folder(read_only: Path) -> None:
    """A folder that may not be written is named before the run starts, with the remedy."""
    with pytest.raises(ReportFolderError, match=r"read-only for this user; make it writable, or .* --report-dir=DIR"):
        check_writable(read_only)


FULL_DISK = """
import resource, sys
from pathlib import Path
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import ReportFolderError, check_writable, write
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EXCHANGE, check, green
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
folder = Path(sys.argv[1])
try:
    if sys.argv[3] == "check":
        check_writable(folder)
    body = {"size": 1, "sha256": "0", "text": "x" * int(sys.argv[4])}
    record = check("one", Verdict.PASSED, "ROU-001", evidence=({**EXCHANGE, "response_body": body},))
    write(green(record), folder, Redactor(()))
except ReportFolderError as problem:
    print(problem)
"""


SMALL = ["annotations.txt", "badge.svg", "ctrf.json", "junit.xml", "summary.md", "summary.txt"]
"""What has room in four kilobytes; the page, which comes next, has not, nor has an Allure result with a large body."""


@pytest.mark.parametrize(
    ("room", "call", "body", "kept"),
    [
        (4096, "check", 0, ["runs"]),
        (100, "write", 0, []),
        (4096, "write", 9000, SMALL),
        (4096, "write", 0, ["allure-results", *SMALL]),
    ],
)
def test_full_disk_leaves_no_half_file(room: int, call: str, body: int, kept: list[str], tmp_path: Path) -> None:
    """Where the system lets no file grow further, the error says so and only whole files stay."""
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), str(room), call, str(body)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    ).stdout

    assert "there is no room left on the disk; free some, or write elsewhere with --report-dir=DIR" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == kept


def test_what_ends_the_second_writer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that writes a part of the reports and is ended from outside does not pass for one that is done."""
    monkeypatch.setattr(allure, "write_results", lambda *_: os.kill(os.getpid(), signal.SIGKILL))

    with pytest.raises(ReportFolderError, match="ended from outside"):
        write(green(), tmp_path, NOTHING)

    assert not (tmp_path / VERDICTS).exists(), "the folder passes for a complete run"
