"""The process behind ``ForkServer``: it imports modules, then forks on request.

Run as ``python fork_server.py DESCRIPTOR MODULE ...``. Each fork becomes the requested program. Before that it leaves a
fork of its own in the same state, from which the programs that it starts in turn are forked.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import sys
import tempfile
import threading
import types
import warnings
from pathlib import Path
from typing import Any

HERE = str(Path(__file__).resolve().parent)
sys.path.remove(HERE)
sys.path.insert(0, str(Path(HERE).parent))
from tests import forks  # noqa: E402 - of this checkout, whatever folder the programs run in

sys.path.pop(0)
_ABOVE = 500
"""Descriptors are moved above this number before each gets the one that the program knows it by."""
_STANDS_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(descriptor: int, modules: list[str]) -> None:
    """Import, serve, and in each fork become a program."""
    line = socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)
    here = str(Path.cwd())
    sys.path.insert(0, here)
    warm_up(modules)
    sys.path[:] = [place for place in sys.path if place != here]
    gc.collect()
    gc.freeze()
    program, descriptors = serve(line)
    while True:
        settle(program, descriptors)
        ours, theirs = socket.socketpair()
        if os.fork():
            theirs.close()
            break
        ours.close()
        stand_by(descriptors)
        program, descriptors = serve(theirs)
    forks.replace_starts(forks.ForkConnection(ours))
    try:
        become(program, descriptors)
    except SystemExit as end:
        leave(end.code)
    except BaseException as problem:  # noqa: BLE001 - said as the interpreter says it
        sys.excepthook(type(problem), problem, problem.__traceback__)
        leave(-signal.SIGINT if isinstance(problem, KeyboardInterrupt) else 1)
    leave(0)


def leave(code: object) -> None:
    """End as the interpreter does, but free nothing: what all forks share would be copied for that."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does it
    threading._shutdown()  # type: ignore[attr-defined] # waits for the other threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    if code == -signal.SIGINT:  # whoever waits for a program that was interrupted is told so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code & 0xFF if isinstance(code, int) else int(code is not None))


def warm_up(modules: list[str]) -> None:
    """Import what programs need; pytest's plugins, in a project, as a session does it: it rewrites their assertions."""
    import pytest  # noqa: PLC0415 - paid for here, once

    if Path("pytest.ini").exists():
        session = ("-c", "pytest.ini", "--rootdir=.", "-qq", "--collect-only", "-p", "no:cacheprovider")
        with tempfile.TemporaryDirectory() as empty, contextlib.redirect_stdout(io.StringIO()):
            pytest.main([*session, empty])
    for name in modules:
        importlib.import_module(name)


def serve(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for every request; return in a fork, with the program and its descriptors. End with the other side."""
    while True:
        head, descriptors, _, _ = socket.recv_fds(line, forks.NUMBER.size, 64)
        if len(head) < forks.NUMBER.size:
            os._exit(0)
        program = json.loads(forks.received(line, forks.NUMBER.unpack(head)[0]))
        gone, ended = os.pipe()
        between = os.fork()
        if not between:
            os.close(ended)
            child = os.fork()
            if child:
                line.sendall(forks.NUMBER.pack(child))
                os._exit(0)
            line.close()
            os.read(gone, 1)  # whoever forked this process has ended: its parent is who asked for it
            os.close(gone)
            return program, descriptors
        os.close(gone)
        os.waitpid(between, 0)
        os.close(ended)
        for each in descriptors:
            os.close(each)
        line.sendall(forks.NUMBER.pack(0))


def settle(program: dict[str, Any], descriptors: list[int]) -> None:
    """Take the session and the signals of a process that has just started."""
    if program["session"]:
        os.setsid()
    for place, given in enumerate(descriptors):
        descriptors[place] = fcntl.fcntl(given, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
        os.close(given)
    for number in _STANDS_BY:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def stand_by(descriptors: list[int]) -> None:
    """Hold nothing of the program that this process was forked beside, and end with it."""
    forks.end_with_parent(signal.SIGKILL)
    os.closerange(_ABOVE, max(descriptors, default=_ABOVE) + 1)
    for number in _STANDS_BY:
        signal.signal(number, signal.SIG_IGN)


def become(program: dict[str, Any], descriptors: list[int]) -> None:
    """Run a program as ``python`` would."""
    for number, descriptor in zip(program["numbers"], descriptors, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(program["folder"])
    os.environ.clear()
    os.environ.update(program["variables"])
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a stream of the process
    tempfile.tempdir = None
    importlib.invalidate_caches()
    arguments = list(program["arguments"])
    if program["prepare"]:
        module, name = program["prepare"].split(":")
        getattr(importlib.import_module(module), name)()
    flags = []
    while arguments[0] in forks.FLAGS:
        flags.append(arguments.pop(0))
    at_once = "-u" in flags or bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdout, sys.stderr = written(1, at_once), written(2, True)
    if "-Wignore" in flags or os.environ.get("PYTHONWARNINGS") == "ignore":
        warnings.simplefilter("ignore")
    sys.path[:0] = list(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    run(arguments, "-P" in flags)


def written(number: int, at_once: bool) -> io.TextIOWrapper:
    """Return a stream to write to, at once or, on a terminal, line by line."""
    raw = open(number, "wb", buffering=0 if at_once else -1, closefd=False)  # noqa: SIM115 - a stream of the process
    errors = "backslashreplace" if number == 2 else "strict"
    return io.TextIOWrapper(raw, errors=errors, line_buffering=raw.isatty() or number == 2, write_through=at_once)


def run(arguments: list[str], apart: bool) -> None:
    """Run a module, code or a script; ``apart`` from what lies in the current folder."""
    first, *others = arguments
    if first == "-m":
        sys.path[:0] = [] if apart else [os.getcwd()]  # noqa: PTH109 - a search path holds text
        sys.argv = others
        runpy.run_module(others[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.path.insert(0, "")
        sys.argv = ["-c", *others[1:]]
        main_module = types.ModuleType("__main__")
        sys.modules["__main__"] = main_module
        exec(compile(others[0], "<string>", "exec"), main_module.__dict__)  # noqa: S102 - what the option is for
    else:
        sys.path.insert(0, str(Path(first).resolve().parent))
        sys.argv = arguments
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
