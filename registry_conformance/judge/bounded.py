"""Reads files and the output of commands up to a limit: a device or a runaway command gives without end."""

from __future__ import annotations

import errno
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

SETTINGS = 4 << 20
"""Bytes of a file that people write."""
DOCUMENTS = 512 << 20
"""Bytes of a file that programs write."""
_SECRET = 1 << 20
_PIECE = 1 << 16


def read_bytes(file: Path, most: int = SETTINGS) -> bytes:
    """Return a file's bytes; raise ``OSError``, also for one that holds more than ``most``."""
    with file.open("rb") as opened:
        found = opened.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB", str(file))
    return found


def read_text(file: Path, most: int = SETTINGS) -> str:
    """Return a file's text as ``read_bytes`` does, without a byte order mark; raise ``UnicodeDecodeError``."""
    return read_bytes(file, most).decode("utf-8-sig").replace("\r\n", "\n")


class TooMuchError(ValueError):
    """A command printed more than any secret has."""


def output_of(command: Sequence[str], seconds: float, folder: Path | None = None) -> tuple[int, str]:
    """Return a command's exit code and what it printed, without its errors; ``folder`` is where it runs.

    Raises ``subprocess.TimeoutExpired``, ``OSError``, and ``ValueError`` for output that is too much or no UTF-8.
    """
    quiet = subprocess.DEVNULL
    with subprocess.Popen(list(command), stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, cwd=folder) as process:
        try:
            printed = _all_of(process, time.monotonic() + seconds, seconds)
        except BaseException:
            process.kill()
            raise
    return process.returncode, printed.decode("utf-8")


def _all_of(process: subprocess.Popen[bytes], end: float, seconds: float) -> bytes:
    """Return all that a process prints until its end."""
    assert process.stdout is not None, "it is a pipe"
    found = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(end - time.monotonic(), 0)):
            if not (piece := os.read(process.stdout.fileno(), _PIECE)):
                process.wait(max(end - time.monotonic(), 0.1))
                return bytes(found)
            found += piece
            if len(found) > _SECRET:
                raise TooMuchError("it prints more than any secret has")
    raise subprocess.TimeoutExpired(process.args, seconds)
