"""Fresh processes know nothing of ours, and leave nothing behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest

from registry_conformance.judge.clients.isolated_process import IsolatedProcess, IsolatedProcessError
from registry_conformance.judge.expect import Mismatch, PreconditionFailed
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import part_environment, python
from tests import isolated_work

OWNER = """
import sys
from pathlib import Path
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from tests import isolated_work
fresh = IsolatedProcess(Path(sys.argv[1]), "run-1", modules=())
print(fresh.call(isolated_work.whereabouts)[1], flush=True)
fresh.call(isolated_work.dawdle, 60.0)
"""


@pytest.fixture
def isolated(tmp_path: Path) -> Iterator[IsolatedProcess]:
    """Fresh processes that import nothing heavy."""
    processes = IsolatedProcess(tmp_path / "home", "run-1", modules=())
    yield processes
    processes.close()


def eventually(happened: Callable[[], bool]) -> bool:
    """Return whether something happens within ten seconds."""
    give_up = time.monotonic() + 10
    while not happened() and time.monotonic() < give_up:
        time.sleep(0.02)
    return happened()


def test_each_call_is_a_process_of_its_own(isolated: IsolatedProcess) -> None:
    """Two calls run in two processes of one warm parent, neither ours."""
    first, second = isolated.call(isolated_work.whereabouts), isolated.call(isolated_work.whereabouts)

    assert len({first[0], second[0], os.getpid()}) == 3
    assert first[1] == second[1] != os.getpid()


def test_nothing_of_ours_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither credentials nor home of the surrounding environment reach a fresh process."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "x")
    other = IsolatedProcess(tmp_path / "other", "run-1", modules=())
    try:
        environment = other.call(isolated_work.whereabouts)[2]
    finally:
        other.close()

    assert not {"AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_TOKEN"} & set(environment)
    assert environment["HOME"] == str(tmp_path / "other")


def test_mismatch_is_raised_here(isolated: IsolatedProcess) -> None:
    """A mismatch found there is raised here."""
    with pytest.raises(Mismatch) as raised:
        isolated.call(isolated_work.mismatch)

    assert (raised.value.expected, raised.value.actual) == ("this", "that")


def test_our_own_failure_is_told(isolated: IsolatedProcess) -> None:
    """Any other exception is told with its traceback, and the next call works."""
    with pytest.raises(IsolatedProcessError, match=r"stumble[\s\S]*the-cause"):
        isolated.call(isolated_work.stumble)

    assert isolated.call(isolated_work.whereabouts)


def test_death_is_told(isolated: IsolatedProcess) -> None:
    """A process that dies is told, and the next call works."""
    with pytest.raises(IsolatedProcessError, match="died or hung"):
        isolated.call(isolated_work.die)

    assert isolated.call(isolated_work.whereabouts)


def test_hanging_is_ended(isolated: IsolatedProcess) -> None:
    """A process that hangs is ended in the time given, and the next call works."""
    parent = isolated.call(isolated_work.whereabouts)[1]
    with pytest.raises(IsolatedProcessError, match="died or hung"):
        isolated.call(isolated_work.dawdle, 60.0, quiet=0.3)

    assert not psutil.pid_exists(parent)
    assert isolated.call(isolated_work.whereabouts)


def test_work_that_makes_progress_is_not_ended(isolated: IsolatedProcess) -> None:
    """Work that takes processor time is waited for beyond its limit: a busy machine ends nothing."""
    assert isolated.call(isolated_work.toil, 1.0, quiet=0.4) == "done"


def test_no_limit_counts_imports(tmp_path: Path) -> None:
    """Imports that take longer than the work's limit do not end the work."""
    processes = IsolatedProcess(tmp_path / "home", "run-1", modules=("tests.slow_import",))
    try:
        assert processes.call(isolated_work.whereabouts, quiet=0.3)
    finally:
        processes.close()


def test_forks_share_what_is_warm(isolated: IsolatedProcess) -> None:
    """Each of several forks of a process calls at once what that process has warmed: no fork waits for the imports."""
    isolated.warm()
    parents = [in_a_fork(isolated), in_a_fork(isolated)]

    assert parents == [isolated.call(isolated_work.whereabouts)[1]] * 2


def in_a_fork(isolated: IsolatedProcess) -> int:
    """Return the warm parent that a fork of this process meets, 0 if it waits in vain."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with ours, theirs:
        fork = multiprocessing.get_context("fork").Process(target=_meet, args=(isolated, theirs))
        fork.start()
        fork.join()
        return int(ours.recv())


def _meet(isolated: IsolatedProcess, pipe: Connection) -> None:
    isolated.quiet = 1.0
    try:
        pipe.send(isolated.call(isolated_work.whereabouts)[1])
    except IsolatedProcessError:
        pipe.send(0)


def test_close_leaves_nothing(tmp_path: Path) -> None:
    """Closing leaves neither process nor folder."""
    processes = IsolatedProcess(tmp_path / "home", "run-1", modules=())
    parent = processes.call(isolated_work.whereabouts)[1]
    processes.close()

    assert not psutil.pid_exists(parent)
    assert not (tmp_path / "home").exists()


def test_killed_owner_leaves_nothing(tmp_path: Path) -> None:
    """When the owner is killed in mid-call, processes and folder go with it."""
    owner = subprocess.Popen(
        [python(), "-c", OWNER, str(tmp_path / "home")],
        cwd=ROOT,
        env=part_environment("run-1", tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout
    parent = psutil.Process(int(owner.stdout.readline()))
    assert eventually(lambda: bool(parent.children()))
    (child,) = parent.children()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    assert eventually(lambda: not parent.is_running() and not child.is_running())
    assert eventually(lambda: not (tmp_path / "home").exists())


def test_what_cannot_be_imported_here_says_nothing_of_a_target(tmp_path: Path) -> None:
    """A client that cannot start is a precondition that failed, in the words of the import, and not a dead process."""
    lacking = IsolatedProcess(tmp_path / "home", "run-1", modules=("no_module_of_this_name",))

    with pytest.raises(PreconditionFailed, match="No module named 'no_module_of_this_name'"):
        lacking.call(isolated_work.whereabouts)

    assert not (tmp_path / "home").exists()


def test_a_machine_without_git_has_clients(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GitPython, which MLflow imports, is there without the program that it is about."""
    monkeypatch.setenv("PATH", str(tmp_path))
    without = IsolatedProcess(tmp_path / "home", "run-1", modules=("git",))

    assert without.call(os.getpid) != os.getpid()
    without.close()
