"""Work in a fresh process that never saw what went before: imported once, forked for each piece of work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import psutil

from registry_conformance.judge.machine import part_environment, python

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


class IsolatedProcessError(RuntimeError):
    """The fresh process died, ran out of time, or raised; the message says which and carries its last words."""


class IsolatedProcess:
    """Runs functions in fresh processes; one warm parent, started on construction, which imports ``modules``.

    ``home`` is an empty folder that is removed with the last process, however it ends. Nothing of the surrounding
    environment reaches the processes.
    """

    def __init__(self, home: Path, run_id: str, modules: Sequence[str] = SDK) -> None:
        self.home = home
        self._run_id = run_id
        self._modules = modules
        self._pipe: Connection
        self._process: subprocess.Popen[bytes]
        self._start()

    def call(self, function: Callable[..., T], *args: object, timeout: float = 60.0) -> T:
        """Return ``function(*args)`` from a fresh process; the function lives in an importable module.

        An ``AssertionError`` there is raised here; anything else, a death, or ``timeout`` seconds without an answer
        is a ``FreshError``, and processes that no longer answer are replaced.
        """
        if not self._is_alive():
            self._pipe.close()
            self._start()
        try:
            answer = self._ask(function, args, timeout)
        except (EOFError, OSError):
            answer = None
        if answer is None:
            words = self._last_words()
            self.close()
            raise IsolatedProcessError(
                f"the fresh process died or hung (limit {timeout:.0f} s) in {function.__name__}: {words}"
            )
        done, result = answer
        if done:
            return result  # type: ignore[no-any-return]  # a pipe carries no types
        problem, text = result
        if problem is not None:
            raise problem
        raise IsolatedProcessError(f"{function.__name__} raised in a fresh process:\n{text}")

    def _ask(self, function: Callable[..., T], args: tuple[object, ...], timeout: float) -> Any:
        """Return what the process answers, ``None`` where it died or ran out of time."""
        self._pipe.send((function, args))
        if not self._pipe.poll(timeout):
            return None
        answer = self._pipe.recv()
        if answer is not None:
            self._pipe.recv()  # the warm parent says that the process has ended
        return answer

    def close(self) -> None:
        """End the warm parent and whatever it still runs, and remove its folder."""
        if self._is_alive():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._pipe.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _is_alive(self) -> bool:
        """Return whether the warm parent runs; a fork of the process that started it may ask too."""
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
        environment = {
            **part_environment(self._run_id, self.home),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        about = (theirs.fileno(), os.getpid(), self.home)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [python(), "-m", "registry_conformance.judge.clients.fork_server", *map(str, about), *self._modules],
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
