"""A robust output stream: it survives a closed pipe, tells what is lost, and escapes control characters."""

from __future__ import annotations

import os
import re
import stat
import sys
from errno import EIO, EPIPE
from pathlib import Path
from typing import Any, TextIO, cast

from registry_conformance.judge.visible import visible

_OURS = re.compile(r"(^(?:\x1b\[[0-9;]*[mK])*\r|\x1b\[[0-9;]*[mK])")
"""Control sequences of pytest and the progress line: colours, and rewriting the line."""
_OUTPUT, _ERRORS = "standard output", "standard error"
_UNWRITABLE = 4
"""The exit code of a command whose output was lost and that would else end with 0."""
_LOST: dict[str, str] = {}
"""Stream -> why what was written there is lost, though nobody stopped reading it."""


class RobustOutput:
    """Writes to a stream until that fails, then discards everything; ``settled`` tells of it unless a reader went away.

    Control characters are escaped, except colours and the rewriting of one line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the printable form of ``text``."""
        pieces = _OURS.split(text)
        shown = "".join(piece if place % 2 else visible(piece) for place, piece in enumerate(pieces))
        try:
            self._put(shown)
        except (OSError, ValueError) as problem:
            self._give_up(problem)
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as problem:
            self._give_up(problem)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _put(self, shown: str) -> None:
        try:
            self._stream.write(shown)
        except UnicodeEncodeError:
            self._stream.write(shown.encode("ascii", "backslashreplace").decode())

    def _give_up(self, problem: Exception) -> None:
        """Discard all further output, and note why unless a reader went away or the stream was closed here."""
        if isinstance(problem, OSError) and not self._reader_is_gone(problem):
            _LOST.setdefault(self._name(), problem.strerror or str(problem))
        self._to_nowhere()

    def _reader_is_gone(self, problem: OSError) -> bool:
        """Return whether an error means that nobody reads any more: a pipe, a connection or a terminal was closed."""
        if problem.errno == EPIPE or isinstance(problem, ConnectionError):
            return True
        try:
            return problem.errno == EIO and stat.S_ISCHR(os.fstat(self._stream.fileno()).st_mode)
        except (OSError, ValueError):
            return False

    def _name(self) -> str:
        try:
            return _ERRORS if self._stream.fileno() == 2 else _OUTPUT
        except (OSError, ValueError):
            return _OUTPUT

    def _to_nowhere(self) -> None:
        """Discard all further output, including that of other writers to the same stream."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._stream.fileno())
        except (OSError, ValueError):
            return
        finally:
            os.close(nowhere)


def steady() -> None:
    """Make this process's own output robust; a stream that is closed leads nowhere."""
    sys.stdout = cast(TextIO, RobustOutput(sys.stdout or _nowhere()))
    sys.stderr = cast(TextIO, RobustOutput(sys.stderr or _nowhere()))


def settled(code: int) -> int:
    """Flush this process's output, tell on the other stream what was lost, and return the exit code: then not 0."""
    sys.stdout.flush()
    sys.stderr.flush()
    for name, why in list(_LOST.items()):
        other = sys.stdout if name == _ERRORS else sys.stderr
        other.write(f"{name} could not be written ({why}), and is incomplete: send it elsewhere, or make room\n")
        other.flush()
    return code or (_UNWRITABLE if _LOST else 0)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
