"""A robust output stream: it survives a closed pipe, and escapes control characters."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, TextIO, cast

from registry_conformance.judge.visible import visible

_OURS = re.compile(r"(^(?:\x1b\[[0-9;]*[mK])*\r|\x1b\[[0-9;]*[mK])")
"""Control sequences of pytest and the progress line: colours, and rewriting the line."""


class RobustOutput:
    """Writes to a stream until its reader is gone, then discards everything.

    Control characters are escaped, except colours and the rewriting of one line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the printable form of ``text``."""
        pieces = _OURS.split(text)
        shown = "".join(piece if place % 2 else visible(piece) for place, piece in enumerate(pieces))
        try:
            self._stream.write(shown)
        except UnicodeEncodeError:
            self._stream.write(shown.encode("ascii", "backslashreplace").decode())
        except (OSError, ValueError):
            self._to_nowhere()
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._to_nowhere()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

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
    """Make this process's own output robust."""
    sys.stdout = cast(TextIO, RobustOutput(sys.stdout))
    sys.stderr = cast(TextIO, RobustOutput(sys.stderr))
