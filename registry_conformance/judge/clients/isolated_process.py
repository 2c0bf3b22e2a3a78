"""Work in fresh processes without earlier state: modules are imported once, then forked for each piece of work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import psutil

from registry_conformance.judge.machine import part_environment, python
from registry_conformance.judge.mismatch import PreconditionFailed

T = TypeVar("T")
SDK = (
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "sklearn.linear_model",
    "sklearn.datasets",
    "skops.io",
    "git",
    "registry_conformance.judge.clients.sdk_registration",
)
"""All that a registration imports, so that no fresh process spends seconds on it."""


QUIET = 60.0
"""Default number of seconds without progress after which work is given up."""
_LONGEST = 20
"""So many times its limit work may take in all, whatever progress it makes."""
_WAITS_FOR_THE_MACHINE = (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
"""The states of a process that hangs on nothing: it has a CPU, or waits until others leave it one."""
_LOOK = 0.2
"""Seconds between two looks at the progress."""


class IsolatedProcessError(RuntimeError):
    """The fresh process died, timed out or raised; the message says which, with its last output."""


class IsolatedProcess:
    """Runs functions in fresh processes; one warm parent, started on construction, which imports ``modules``.

    ``quiet`` is for how many seconds a piece of work may make no progress before it is given up: processor time that it
    takes is progress, so that a busy machine ends nothing. Imports are waited for in the same way, and no work's limit
    counts them. ``home`` is an empty folder that is removed with the last process, however it ends. Nothing of the
    surrounding environment reaches the processes. ``interpreter`` is the one of an environment with another MLflow,
    empty for this one's.
    """

    def __init__(
        self, home: Path, run_id: str, modules: Sequence[str] = SDK, quiet: float = QUIET, interpreter: str = ""
    ) -> None:
        self.home = home
        self.quiet = quiet
        self._run_id = run_id
        self._modules = modules
        self._interpreter = interpreter or python()
        self._pipe: Connection
        self._process: subprocess.Popen[bytes]
        self._ready = False
        self._start()

    def call(self, function: Callable[..., T], *args: object, quiet: float | None = None) -> T:
        """Return ``function(*args)`` from a fresh process; the function must be in an importable module.

        Raises ``PreconditionFailed`` if its modules cannot be imported here, which says nothing about the target. An
        ``AssertionError`` is raised here; another exception, a death, or ``quiet`` seconds without progress is an
        ``IsolatedProcessError``, and processes that do not answer are replaced.
        """
        self._revive()
        limit = self.quiet if quiet is None else quiet
        try:
            answer = self._ask(function, args, limit)
        except (EOFError, OSError):
            answer = None
        if answer is None:
            words = self._last_words()
            self.close()
            raise IsolatedProcessError(
                f"the fresh process died or hung (limit {limit:g} s without progress) in {function.__name__}: {words}"
            )
        done, result = answer
        if done:
            return result  # type: ignore[no-any-return]  # a pipe carries no types
        problem, text = result
        if problem is not None:
            raise problem
        raise IsolatedProcessError(f"{function.__name__} raised in a fresh process:\n{text}")

    def warm(self) -> None:
        """Return when the imports are done; replace processes that have ended.

        For who forks this process: of several forks one alone would get the message that the imports are done.
        """
        self._revive()
        if not self._imported():
            self.close()

    def _revive(self) -> None:
        if not self._is_alive():
            self._pipe.close()
            self._start()

    def _imported(self) -> bool:
        """Wait for the imports; return ``False`` if they make no progress for too long, or the process died."""
        if self._ready:
            return True
        try:
            if not self._arrives(self.quiet):
                return False
            self._ready, lacking = self._pipe.recv()
        except (EOFError, OSError):
            return False
        if not self._ready:
            self.close()
            raise PreconditionFailed("an MLflow client that starts on this machine", lacking)
        return True

    def _ask(self, function: Callable[..., T], args: tuple[object, ...], limit: float) -> Any:
        """Return the process's result, ``None`` if it died or made no progress for too long."""
        if not self._imported():
            return None
        self._pipe.send((function, args))
        if not self._arrives(limit):
            return None
        answer = self._pipe.recv()
        if answer is not None:
            self._pipe.recv()  # the warm parent says that the process has ended
        return answer

    def _arrives(self, limit: float) -> bool:
        """Wait for a message; return ``False`` if the processes make no progress for too long."""
        began = since = time.monotonic()
        taken, _ = self._state()
        while not self._pipe.poll(min(_LOOK, limit)):
            now, (progress, waits_for_the_machine) = time.monotonic(), self._state()
            if progress > taken or waits_for_the_machine:
                since, taken = now, progress
            if now - since > limit or now - began > _LONGEST * limit:
                return False
        return True

    def _state(self) -> tuple[float, bool]:
        """Return the CPU seconds of the warm parent and its children, and whether one wants a CPU or a disk now."""
        try:
            parent = psutil.Process(self._process.pid)
            processes = (parent, *parent.children(recursive=True))
            times = [each.cpu_times() for each in processes]
            waits = any(each.status() in _WAITS_FOR_THE_MACHINE for each in processes)
        except psutil.Error:
            return 0.0, False  # it ends just now, and the pipe says so
        return sum(each.user + each.system for each in times), waits

    def close(self) -> None:
        """Stop the warm parent and its children, and remove its folder."""
        if self._is_alive():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._pipe.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _is_alive(self) -> bool:
        """Return whether the warm parent runs; also usable in a fork of the process that started it."""
        try:
            return psutil.Process(self._process.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def _log(self) -> Path:
        return self.home / "fresh.log"

    def _start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._pipe, theirs = Pipe()
        self._ready = False
        environment = {
            **part_environment(self._run_id, self.home),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "GIT_PYTHON_REFRESH": "quiet",  # a machine without git can register a model too
        }
        about = (theirs.fileno(), os.getpid(), self.home)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._interpreter,
                    "-m",
                    "registry_conformance.judge.clients.fork_server",
                    *map(str, about),
                    *self._modules,
                ],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        theirs.close()

    def _last_words(self) -> str:
        words = self._log.read_text(errors="replace").strip().splitlines()[-5:] if self._log.exists() else []
        return " | ".join(words) or "it left no word"
