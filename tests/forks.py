"""Python programs as forks of a process that has already imported what they need, in place of fresh interpreters.

Imports take most of the time of a short program. ``ForkServer`` replaces ``python`` in one folder: a process there
imports ``modules`` once, and every program given to ``start`` is a fork of it; so is every Python program that such a
program starts in turn, for example a pytest worker or a part of a stack. A fork is a normal child of its starter: it
can be waited for and killed, and its CPU time is counted. Tests about fresh processes (inherited signals, environment
variables, missing packages) use fresh ones. Linux only; elsewhere all are fresh.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import json
import multiprocessing.util
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

AVAILABLE = sys.platform == "linux"
FLAGS = ("-u", "-P", "-B", "-Wignore")
"""Options of the interpreter that a fork can do without."""
NUMBER = struct.Struct("!i")
_SERVER = Path(__file__).with_name("fork_server.py")
_LIBC = ctypes.CDLL(None) if AVAILABLE else None
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_fresh_child = subprocess.Popen._execute_child  # type: ignore[attr-defined] # starts the process when all is prepared
_fresh_helper = multiprocessing.util.spawnv_passfds  # starts multiprocessing's own
_GIVEN = inspect.signature(_fresh_child)


class ForkConnection:
    """The connection to a process that forks on request, shared by all threads of this process."""

    def __init__(self, line: socket.socket) -> None:
        self.socket = line
        self._lock = Lock()

    def fork(self, program: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """Have a program started with descriptors of this process; return the id of the process, a child of this one.

        Raises ``OSError`` if the process that forks is gone.
        """
        message = json.dumps(program).encode()
        with self._lock:
            prctl(_PR_SET_CHILD_SUBREAPER, 1)  # whoever forks the program ends at once, and this process inherits it
            try:
                socket.send_fds(self.socket, [NUMBER.pack(len(message))], list(descriptors))
                self.socket.sendall(message)
                pid, _ = (NUMBER.unpack(received(self.socket, NUMBER.size))[0] for _ in range(2))
            finally:
                prctl(_PR_SET_CHILD_SUBREAPER, 0)
        return int(pid)


_everywhere: list[ForkConnection] = []
"""The connection that starts all Python programs of this process, if there is one."""


class _Fork(subprocess.Popen[str]):
    """A process that was forked on request."""

    def __init__(self, line: ForkConnection | None, command: Sequence[str], **how: Any) -> None:
        self.line = line
        super().__init__(command, text=True, **how)


class ForkServer:
    """Starts Python programs in a folder as forks of one process, which starts with the first of them.

    With a ``base`` that process is itself a fork: what several projects share is imported once.
    """

    def __init__(self, folder: Path, modules: Sequence[str] = (), base: ForkServer | None = None) -> None:
        self.folder = folder
        self._modules = modules
        self._base = base
        self._line: ForkConnection | None = None
        self._process: subprocess.Popen[str]
        self._lock = Lock()

    def start(self, arguments: Sequence[str], **how: Any) -> subprocess.Popen[str]:
        """Start what ``python ARGUMENTS`` would be; ``how`` are options of ``Popen``."""
        return _Fork(self._ready(), [sys.executable, *arguments], **{"cwd": self.folder, **how})

    def run(self, arguments: Sequence[str], timeout: float, **how: Any) -> subprocess.CompletedProcess[str]:
        """Start it, wait for its end, and return what it said; one that takes too long is killed."""
        piped = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self.start(arguments, **{**piped, **how}) as process:
            try:
                said, complained = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)

    @contextlib.contextmanager
    def everywhere(self) -> Iterator[None]:
        """Have every Python program that this process starts meanwhile be a fork."""
        line = self._ready()
        before = _everywhere[:]
        _everywhere[:] = [line] if line else []
        try:
            yield
        finally:
            _everywhere[:] = before

    def close(self) -> None:
        """End the process that forks."""
        if self._line is not None:
            self._line.socket.close()
            self._process.wait()

    def _ready(self) -> ForkConnection | None:
        if not AVAILABLE:
            return None
        with self._lock:
            if self._line is None:
                replace_starts()
                ours, theirs = socket.socketpair()
                with theirs:
                    self._process = _Fork(
                        self._base._ready() if self._base else None,
                        [sys.executable, str(_SERVER), str(theirs.fileno()), *self._modules],
                        cwd=self.folder,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        pass_fds=[theirs.fileno()],
                    )
                self._line = ForkConnection(ours)
            return self._line


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process."""
    if _LIBC is not None:
        _LIBC.prctl(option, value)


def end_with_parent(by: int) -> None:
    """Have the kernel send this process a signal when the one that started it ends."""
    prctl(_PR_SET_PDEATHSIG, by)


def received(line: socket.socket, size: int) -> bytes:
    """Return so many bytes; raise ``ConnectionError`` if the other end is gone before."""
    parts = b""
    while len(parts) < size:
        part = line.recv(size - len(parts))
        if not part:
            raise ConnectionError("the process that forks is gone")
        parts += part
    return parts


def replace_starts(line: ForkConnection | None = None) -> None:
    """Have ``subprocess`` and ``multiprocessing`` start Python programs by fork, over ``line`` if there is one."""
    _everywhere[:] = [line] if line else _everywhere
    subprocess.Popen._execute_child = _child  # type: ignore[attr-defined] # the one place where a process starts
    multiprocessing.util.spawnv_passfds = _helper  # type: ignore[assignment] # takes more than it is given


def _child(process: Any, *given: Any, **named: Any) -> None:
    """Start a process of ``subprocess``: a fork, if it is a Python program in nobody else's name."""
    wanted = _GIVEN.bind(process, *given, **named).arguments
    line = getattr(process, "line", None) or (_everywhere[0] if _everywhere else None)
    command = wanted["args"]
    prepare = _name_of(wanted["preexec_fn"])
    others = (wanted["uid"], wanted["gid"], wanted["gids"])
    if line is None or wanted["shell"] or not _is_python(command) or prepare is None or others != (None,) * 3:
        _fresh_child(process, *given, **named)
        return
    pipes = [wanted[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
    streams = {0: pipes[0], 1: pipes[3], 2: pipes[5]}
    descriptors = {number: number if own == -1 else own for number, own in streams.items()}
    descriptors |= {number: number for number in wanted["pass_fds"]}
    session = wanted["start_new_session"]
    try:
        process.pid = line.fork(
            _program(command, descriptors, wanted["cwd"], wanted["env"], session, prepare), list(descriptors.values())
        )
        process._child_created = True
    finally:
        process._close_pipe_fds(*pipes)


def _helper(path: Any, command: Sequence[Any], passed: Sequence[int]) -> int:
    """Start a helper of ``multiprocessing``."""
    words = [os.fsdecode(word) for word in command]
    if not _everywhere or not _is_python(words):
        return int(_fresh_helper(path, command, passed))
    numbers = {number: number for number in (0, 1, 2, *passed)}
    return _everywhere[0].fork(_program(words, numbers, None, None, False, ""), list(numbers))


def _program(
    command: Sequence[Any], descriptors: Mapping[int, int], folder: Any, variables: Any, session: bool, prepare: str
) -> dict[str, Any]:
    """Return what the process that forks must know of a program."""
    return {
        "arguments": [os.fsdecode(word) for word in command[1:]],
        "numbers": list(descriptors),
        "folder": os.fsdecode(folder) if folder is not None else str(Path.cwd()),
        "variables": {os.fsdecode(name): os.fsdecode(value) for name, value in (variables or os.environ).items()},
        "session": session,
        "prepare": prepare,
    }


def _is_python(command: Any) -> bool:
    """Return whether a command line is a module, a script or code for this interpreter."""
    if isinstance(command, (str, bytes)) or os.fsdecode(command[0]) != sys.executable:
        return False
    first = next((word for word in map(os.fsdecode, command[1:]) if word not in FLAGS), "-")
    return first in ("-m", "-c") or not first.startswith("-")


def _name_of(function: Callable[[], None] | None) -> str | None:
    """Return ``MODULE:NAME`` of what a child does first, "" for nothing, ``None`` for what cannot be named."""
    if function is None:
        return ""
    module, name = function.__module__, function.__qualname__
    return f"{module}:{name}" if module.startswith("registry_conformance.") and "<" not in name else None
