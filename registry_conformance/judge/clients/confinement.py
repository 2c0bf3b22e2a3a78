"""Confines a client process to its own folder and share of memory, and keeps its credential from other programs.

A target can name any path or size. The MLflow client takes the credential from environment variables, which every child
process would inherit; it starts ``git`` to find the source of a model.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from registry_conformance.judge.machine import python

MOST_MEMORY = 4 << 30
"""Bytes that a client may hold: it streams the largest artifacts of the checks."""
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir": (0,), "os.rename": (0, 1), "os.link": (1,), "os.symlink": (1,), "os.remove": (0,)}
"""Event -> the places of the paths that it changes."""
_STARTS = {"subprocess.Popen": 0, "os.system": 0, "os.exec": 0, "os.posix_spawn": 0, "os.spawn": 1}
"""Event -> the place of the program that it starts."""
_NO_FOLDER = -1
_NOWHERE = "/dev/"


class OutsideError(PermissionError):
    """A client tried to write outside its own folder."""


def confine(home: Path) -> None:
    """Confine this process: it writes only below ``home``, uses limited memory, and starts no other program.

    A target can return a local path as artifact location: the SDK would copy a model there and report success. Such a
    write raises ``OutsideError``. Only this Python can be started. A crash writes no core dump, which would contain the
    credential. This cannot be undone, so use a separate process.
    """
    root = f"{os.path.realpath(home)}/"

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _STARTS:
            program = os.fsdecode(arguments[_STARTS[event]])
            if event == "os.system" or os.path.realpath(program) != os.path.realpath(python()):
                raise FileNotFoundError(f"{program}: a client starts no program, which would get its credential")
        for path in _changed(event, arguments):
            place = os.path.realpath(os.fsdecode(path))
            if not f"{place}/".startswith((root, _NOWHERE)):
                raise OutsideError(f"{place}: a place on this machine's own disk, where nothing of the target belongs")

    sys.addaudithook(watch)
    import resource  # noqa: PLC0415 - not every system has it

    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    share = MOST_MEMORY if most == resource.RLIM_INFINITY else min(MOST_MEMORY, most)
    resource.setrlimit(resource.RLIMIT_DATA, (share, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _changed(event: str, arguments: tuple[Any, ...]) -> list[Any]:
    """Return the paths that an audit event would change."""
    if event == "open":
        path, _, flags = arguments
        return [path] if isinstance(path, str | bytes | os.PathLike) and (flags or 0) & _TO_WRITE else []
    if event not in _CHANGES or arguments[-1] != _NO_FOLDER:  # below a folder that is open, and was watched
        return []
    return [arguments[place] for place in _CHANGES[event]]
