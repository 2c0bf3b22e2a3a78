"""A process that has imported the SDK, and forks a fresh client for each piece of work.

``IsolatedProcess`` starts it with these arguments: the file descriptor of one end of a pipe, its parent's process id,
the working folder, and the modules to import. It ends when its parent does, and removes the folder.
"""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.confinement import confine
from registry_conformance.judge.lifeline import die_with_parent


def serve(pipe: Connection, home: Path) -> None:
    """Fork a child for each ``(function, args)``; the child sends ``(done, result or text)``.

    A child writes only below ``home``.
    """
    while True:
        try:
            work = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        server = os.getpid()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent(server, signal.SIGKILL)
            _work(pipe, work, home)
        os.waitpid(child, 0)
        pipe.send(None)


def _work(pipe: Connection, work: bytes, home: Path) -> None:
    """Do the work in the child, send the result, and exit without the server's clean-up."""
    try:
        confine(home)
        function, args = pickle.loads(work)  # noqa: S301 - our own parent's words
        answer: tuple[bool, Any] = (True, function(*args))
    except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent is told
        answer = (False, (problem if isinstance(problem, AssertionError) else None, traceback.format_exc(limit=-8)))
    try:
        pipe.send(answer)
    finally:
        os._exit(0)


def main(pipe: int, parent: int, home: str, modules: list[str]) -> None:
    """Import, report readiness, then serve until the parent ends; finally remove ``home``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        die_with_parent(parent, signal.SIGTERM)
        connection = Connection(pipe)
        try:
            for module in modules:
                importlib.import_module(module)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the parent is told
            connection.send((False, f"{type(problem).__name__}: {problem}"))
            return
        connection.send((True, ""))
        serve(connection, Path(home))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
