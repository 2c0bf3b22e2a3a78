"""What the suite's own tests share: one stack, a copy of the project to run, and a way to run it."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import RUN_VARIABLE, new_run_id
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.waiting import awaited
from registry_conformance.lab.deployment import DOORS
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from tests.forks import ForkServer
from tests.http_servers import echo

PATIENCE = 60.0
NO_ENGINE = "unix:///nonexistent/docker.sock"
os.environ["DOCKER_HOST"] = NO_ENGINE  # what runs here runs on processes, whatever this machine has
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of some hundred processes compiles every file anew
sys.dont_write_bytecode = False


SLOW = (
    "test_outputs.py",
    "test_nightly.py",
    "test_bad_input.py",
    "test_doubles.py",
    "test_ends.py",
    "test_nothing_left.py",
    "test_report_large.py",
    "test_account_rights.py",
    "test_external_parts.py",
    "test_sweep.py",
    "test_account_verbs.py",
    "test_account_runs.py",
    "test_account_accounts.py",
    "test_account_generated.py",
    "test_account_holds.py",
    "test_account_variants.py",
    "test_proof.py",
    "test_diagnosis_of_stacks.py",
    "test_stack.py",
    "test_store_of_versitygw.py",
    "test_faults.py",
    "test_upstream_defects.py",
    "test_clients_against_stacks.py",
    "test_external_store.py",
    "test_stack_of_nginx.py",
    "test_containers.py",
    "test_doctor.py",
    "test_mlflow_page.py",
    "test_load_sdk_users.py",
    "test_external_images.py",
    "test_clients_registration.py",
    "test_page_reading.py",
    "test_report_readme.py",
    "test_compare_script.py",
    "test_documented_commands.py",
    "test_janitor.py",
    "test_abandoned.py",
    "test_hostile_target.py",
    "test_workflows.py",
    "test_installation.py",
    "test_setup.py",
)
"""Files that start stacks, browsers, engines or environments, or play every account: run with ``--whole`` alone."""
LONG = (
    "test_session.py",
    "test_hostile_clients.py",
    "test_doctor_registration.py",
    "test_command.py",
    "test_bench.py",
    "test_neighbours.py",
)
"""Files of the others that take longest.

Slow and long ones are begun first, in this order, so that no worker is left alone with one in the end.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer what takes longer than a change can wait for."""
    parser.addoption(
        "--whole", action="store_true", help="the files too that start stacks, browsers, engines or environments"
    )
    parser.addoption(
        "--nightly", action="store_true", help="every combination, at full size, where a sample is the rule by day"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of what the night adds; let what tests start heed Ctrl-C, as a shell's background does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "nightly: one combination more of what is asked by day, asked with --nightly")


@pytest.fixture(scope="session")
def nightly_size(pytestconfig: pytest.Config) -> bool:
    """Whether all is played at full size."""
    return bool(pytestconfig.getoption("nightly"))


def runs_whole(config: pytest.Config) -> bool:
    """Whether slow files are run that nobody named."""
    return bool(config.getoption("whole") or config.getoption("nightly"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave slow files to a whole run; one that is named on the command line is never asked about here."""
    return True if collection_path.name in SLOW and not runs_whole(config) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    if not runs_whole(config) and [Path(each) for each in config.args] == [Path("tests")]:
        terminalreporter.write_line(f"{len(SLOW)} slow files were left out; --whole runs them too, as .ci/run does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the night what is its own, and put the files that take longest first; within a file nothing moves."""
    if not config.getoption("nightly"):
        of_the_night = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=of_the_night)
        items[:] = [item for item in items if item not in of_the_night]
    rank = {name: place for place, name in enumerate((*SLOW, *LONG))}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


LIBRARIES = ("mlflow.server.fastapi_app", "moto.server", "uvicorn", "boto3", "jinja2", "click", "psutil")
"""What runs and the parts of stacks import of others."""
OWN = (
    "registry_conformance.cli.main",
    "registry_conformance.run.session.controller",
    "registry_conformance.lab.stack.supervisor",
    "registry_conformance.lab.stack.embedded",
    "registry_conformance.lab.stack.mlflow_source",
    "registry_conformance.judge.report.page.render",
)
"""What they import of the project."""


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """Python programs that have the libraries imported, and nothing of the project."""
    forks = ForkServer(tmp_path_factory.mktemp("libraries"), LIBRARIES)
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def python(libraries: ForkServer) -> Iterator[ForkServer]:
    """Python programs in this checkout, as forks: nothing is asked of them that a fork cannot answer."""
    forks = ForkServer(ROOT, OWN, libraries)
    yield forks
    forks.close()


@pytest.fixture
def forked(python: ForkServer) -> Iterator[None]:
    """Every Python program that a test starts in this checkout, stacks included, is a fork."""
    with python.everywhere():
        yield


@pytest.fixture(scope="module")
def forked_throughout(python: ForkServer) -> Iterator[None]:
    """The same for all tests and fixtures of a file."""
    with python.everywhere():
        yield


@pytest.fixture(scope="session")
def stack(cache: Path, python: ForkServer) -> Iterator[OwnedStack]:
    """Our own reference stack, on moto: the store that every machine has."""
    with python.everywhere():
        owned = OwnedStack(StackRequest(new_run_id(), cache=cache))
    try:
        owned.target()
        yield owned
    finally:
        owned.close()


def heed_interrupts() -> None:
    """In a child about to be started: heed SIGINT, though whoever runs these tests in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


GIVEN_TARGET = '''"""Gives a run the target that it judges, so that it starts no stack."""
import pickle
from pathlib import Path
import pytest

@pytest.hookimpl
def pytest_conformance_target(config):
    return pickle.loads(Path(__file__).with_suffix(".pickle").read_bytes())
'''


COPIED = ("registry_conformance", "fixtures", "docker", "pytest.ini", "pyproject.toml")


def copy_project(root: Path) -> None:
    """Copy what a run needs of the project, without any suite."""
    root.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("*.pyc.*"))  # half written
        else:
            shutil.copy(ROOT / name, root)


class Project:
    """A copy of the project with a suite of its own, run as a user would.

    Its runs are ``forks``; without any each is a fresh interpreter.
    """

    def __init__(self, root: Path, temporary: Path, cache: Path, forks: ForkServer | None) -> None:
        self.root = root
        self.temporary = temporary
        self.forks = forks
        self._cache = cache
        self.options: tuple[str, ...] = ()
        for left in root.iterdir():
            if left.name not in COPIED:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        (root / "suites" / "local").mkdir(parents=True)
        (root / "suites" / "requirements").mkdir()

    def requirement(self, requirement_id: str, level: str = "MUST") -> None:
        """Add a requirement to the register."""
        path = self.root / "suites" / "requirements" / "area.toml"
        fields = {
            "id": requirement_id,
            "level": level,
            "layer": "proxy",
            "profile": "mlflow",
            "text": "It works.",
            "source": "a test",
        }
        entry = "\n".join(f'{name} = "{value}"' for name, value in fields.items())
        path.write_text((path.read_text() if path.exists() else "") + f"[[requirement]]\n{entry}\n")

    def checks(self, source: str) -> None:
        """Write the suite's checks."""
        head = (
            '"""Checks."""\nimport pytest, time\n'
            "from registry_conformance.judge.requirement import verifies\n"
            "from registry_conformance.judge.expect import *\n\n"
        )
        (self.root / "suites" / "local" / "test_checks.py").write_text(head + source)

    def judge(self, url: str) -> None:
        """From now on judge what is served at a URL, at three doors, in the place of a stack: none is started."""
        doors = tuple(Door(name, url + path) for name, path in DOORS.items())
        target = Target("a server of the test", "double", doors, {"writer": "hk_made_up_writer_key"})
        (self.root / "given_target.py").write_text(GIVEN_TARGET)
        (self.root / "given_target.pickle").write_bytes(pickle.dumps(target))
        self.options = ("-p", "given_target")

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start pytest on the suite; temporary folders go to a place of our own."""
        return self.begin(arguments, variables)

    def begin(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str] = MappingProxyType({}),
        *,
        output: int = subprocess.PIPE,
        own_session: bool = False,
    ) -> subprocess.Popen[str]:
        """Start it, writing to ``output``, in a session and process group of its own if need be."""
        environment = os.environ | {"TMPDIR": str(self.temporary), "COLUMNS": "120"} | dict(variables)
        environment.pop("PYTHONUNBUFFERED", None)  # what a pipe shows of a run must not depend on it
        command = ["-m", "pytest", "suites/local", "--store=moto", "-o", f"cache_dir={self._cache}"]
        return self.python(
            [*command, *self.options, *arguments],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=own_session,
        )

    def python(self, arguments: Sequence[str], **how: Any) -> subprocess.Popen[str]:
        """Start what ``python ARGUMENTS`` would be in the project; ``how`` are options of ``Popen``."""
        if self.forks is not None:
            return self.forks.start(arguments, **how)
        command = [sys.executable, *arguments]
        how = {"cwd": self.root, **how}
        return subprocess.Popen(command, text=True, preexec_fn=heed_interrupts, **how)  # noqa: PLW1509 - no threads here

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run pytest on the suite; return exit code and output."""
        process = self.start(*arguments, **variables)
        output, _ = process.communicate(timeout=PATIENCE * 2)
        return process.returncode, output


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder shared by every run, so that MLflow's schema is migrated once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def answering() -> Iterator[str]:
    """The URL of a server that answers every request with 200: all that a run about runs has to judge."""
    with echo() as url:
        yield url


@pytest.fixture(scope="session")
def project_forks(tmp_path_factory: pytest.TempPathFactory, libraries: ForkServer) -> Iterator[ForkServer]:
    """Python programs in a copy of the project, which tests have one after the other."""
    root = tmp_path_factory.mktemp("projects") / "project"
    copy_project(root)
    forks = ForkServer(root, OWN, libraries)
    yield forks
    forks.close()


@pytest.fixture
def project(tmp_path: Path, cache: Path, project_forks: ForkServer) -> Project:
    """A copy of the project with one requirement and no checks yet; its runs are forks."""
    (tmp_path / "tmp").mkdir()
    copy = Project(project_forks.folder, tmp_path / "tmp", cache, project_forks)
    copy.requirement("ZZZ-001")
    return copy


@pytest.fixture
def own_project(tmp_path: Path, cache: Path) -> Project:
    """A copy of the project for one test, whose runs are fresh interpreters: for tests of processes and their ends."""
    (tmp_path / "tmp").mkdir()
    copy_project(tmp_path / "project")
    copy = Project(tmp_path / "project", tmp_path / "tmp", cache, None)
    copy.requirement("ZZZ-001")
    return copy


@pytest.fixture
def judging(project: Project, answering: str) -> Project:
    """A copy of the project whose runs judge a server of ours: no stack is started for what is no question about it."""
    project.judge(answering)
    return project


def read_until(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Return the first line of a process's output that matches; fail with all that it said otherwise."""
    said = []
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"{pattern!r} never came:\n{''.join(said)}")


def eventually(condition: Callable[[], bool], what: str, budget: float = 15.0) -> None:
    """Poll until a condition holds; fail after the budget in seconds."""
    # What is polled may look at every process of the machine.
    assert awaited(condition, budget, pause=0.2), f"not so after {budget:.0f} s: {what}"


def processes_of(run_id: str) -> list[str]:
    """Return the command lines of every process that bears a run id."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_VARIABLE) == run_id:
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


@pytest.fixture
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has the test's temporary folder: MLflow's store leaves a lock file there for each database."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
