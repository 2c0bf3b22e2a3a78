"""Programs that are forks behave as fresh interpreters do, towards whoever starts them and in themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.conftest import read_until
from tests.forks import ForkServer

SHOWS = """
import os, signal, sys
print(sys.argv, os.getcwd(), sys.path[0], __name__, sorted(os.environ), os.getppid(), sys.stdin.read())
print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), file=sys.stderr)
held = [number for number in range(3, 600) if os.path.exists(f"/proc/self/fd/{number}")]
print([number for number in held if not os.readlink(f"/proc/self/fd/{number}").startswith("socket:")], file=sys.stderr)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> ForkServer:
    """Forks of a process that has imported next to nothing."""
    return ForkServer(tmp_path_factory.mktemp("bare"))


@pytest.mark.parametrize(
    "how",
    [("-c", SHOWS, "one", "two"), ("-u", "-m", "shows", "one"), ("shows.py", "a b")],
    ids=["code", "module", "script"],
)
def test_a_fork_finds_what_a_fresh_interpreter_does(bare: ForkServer, how: Sequence[str]) -> None:
    """Arguments, folder, search path, variables, parent, signals, streams and descriptors are the same."""
    (bare.folder / "shows.py").write_text(SHOWS)
    variables = {"ONE": "1", "PATH": "/usr/bin", "LC_CTYPE": "C.UTF-8"}
    forked = bare.run(how, 60, env=variables)
    fresh = subprocess.run(
        [sys.executable, *how],
        cwd=bare.folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert str(os.getpid()) in fresh.stdout
    assert (forked.stdout, forked.stderr) == (fresh.stdout, fresh.stderr)


@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "raise SystemExit(3)",
        "raise SystemExit('why')",
        "1 / 0",
        "raise KeyboardInterrupt",
        "import os; os.abort()",
    ],
)
def test_a_fork_ends_as_a_fresh_interpreter_does(bare: ForkServer, code: str) -> None:
    """Exit codes, deaths by a signal, and what is said last are the same; what is to be done at the end is done."""
    program = f"import atexit; atexit.register(print, 'at the end')\n{code}"
    forked = bare.run(["-c", program], 60)
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (forked.returncode, forked.stdout) == (fresh.returncode, fresh.stdout)
    assert forked.stderr.splitlines()[-1:] == fresh.stderr.splitlines()[-1:]


def test_what_a_fork_starts_is_a_fork_too(bare: ForkServer, tmp_path: Path) -> None:
    """A program that a fork starts is its child, has a session if one is asked for, and ends with what it was told."""
    inner = "import os, sys; print(os.getppid(), os.getsid(0) == os.getpid(), 'shared' in sys.__dict__); sys.exit(7)"
    outer = (
        "import subprocess, sys, os; sys.shared = 1; print(os.getpid());"
        f"program = [sys.executable, '-c', {inner!r}];"
        f"print(subprocess.run(program, start_new_session=True, cwd={str(tmp_path)!r}).returncode)"
    )
    pid, seen, code = bare.run(["-u", "-c", outer], 60).stdout.splitlines()

    assert seen == f"{pid} True False"  # what the outer one has done since, the inner one has not
    assert code == "7"


def test_a_killed_fork_takes_what_stands_by_along(bare: ForkServer) -> None:
    """Of a program that is killed no process is left, not the one either from which its own programs would come."""
    process = bare.start(["-u", "-c", "import time; print('here'); time.sleep(60)"], stdout=subprocess.PIPE)
    read_until(process, "here")
    (beside,) = psutil.Process(process.pid).children()
    process.kill()

    assert process.wait(30) == -signal.SIGKILL
    beside.wait(30)
