"""However a run ends, nothing of it is left: no process, no port, no folder."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable

import psutil
import pytest

from tests.conftest import Project, eventually, processes_of, read_until

SLOW = """
@verifies("ZZZ-001")
@pytest.mark.parametrize("n", range(2))
def test_slow(door, n):
    \"\"\"A request is answered.\"\"\"
    expect_status(door.health(), 200)
    time.sleep(20)
"""


@pytest.fixture
def project(own_project: Project) -> Project:
    """A project of one test, whose runs are fresh processes, found by the variables that they began with."""
    return own_project


def _workers(pytest_pid: int) -> list[psutil.Process]:
    children = psutil.Process(pytest_pid).children()
    return [child for child in children if re.search(r"stdin\.readline|^\[pytest-xdist", _command(child))]


def _command(process: psutil.Process) -> str:
    """Return a process's command line, empty if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()


def _interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def _terminate(process: subprocess.Popen[str]) -> None:
    process.terminate()


def _hang_up(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGHUP)


@pytest.mark.parametrize(
    ("end", "workers"),
    [  # by day each way to end once, and each kind of run; who has workers and who not close their stack alike
        (_kill, "-n0"),
        (_interrupt, "-n2"),
        (_terminate, "-n0"),
        pytest.param(_hang_up, "-n2", marks=pytest.mark.nightly),
        pytest.param(_interrupt, "-n0", marks=pytest.mark.nightly),
        pytest.param(_terminate, "-n2", marks=pytest.mark.nightly),
    ],
)
def test_a_run_that_is_ended_leaves_nothing(
    project: Project, end: Callable[[subprocess.Popen[str]], None], workers: str
) -> None:
    """A run that is killed, interrupted or terminated is gone a few seconds later."""
    project.checks(SLOW)
    process = project.start(workers)
    try:
        port = int(read_until(process, r"judged: .*:(\d+)/")[1])
        (run,) = project.temporary.glob("verify-*")
        run_id = re.sub(r"-\w{8}$", "", run.name)
        assert len(processes_of(run_id)) > 5
        end(process)
        eventually(lambda: processes_of(run_id) == [], "no process of the run is left")
        eventually(lambda: list(project.temporary.glob("verify-*")) == [], "the run's folder is gone")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    finally:
        process.kill()
        process.communicate()


def test_a_killed_worker_is_an_error_and_leaves_nothing(project: Project) -> None:
    """A worker that is killed fails its check, and the run goes on to a clean end."""
    project.checks(SLOW.replace("time.sleep(20)", "time.sleep(3)"))
    process = project.start("-n2")
    read_until(process, r"2 workers \[6 items\]")
    eventually(lambda: len(_workers(process.pid)) == 2, "two workers run")
    (run,) = project.temporary.glob("verify-*")
    _workers(process.pid)[0].kill()
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 1, output
    assert "crashed" in output
    assert list(project.temporary.glob("verify-*")) == []
    assert processes_of(re.sub(r"-\w{8}$", "", run.name)) == []


def test_a_part_that_dies_is_named_with_its_log(project: Project) -> None:
    """A part that dies during a run ends it with exit code 6, its name and the end of its log."""
    project.checks("""
@verifies("ZZZ-001")
@pytest.mark.parametrize("n", range(200))
def test_quick(door, stack, n):
    \"\"\"A request is answered.\"\"\"
    if n == 3:
        import os, signal
        os.kill(stack.pids()["proxy"], signal.SIGKILL)
        time.sleep(0.5)
    expect_status(door.health(), 200)
""")
    code, output = project.run()
    assert code == 6, output
    assert "proxy died during the run\n" in output
    assert "Could not verify: the run broke off: proxy died during the run;" in output
    assert list(project.temporary.iterdir()) == []
