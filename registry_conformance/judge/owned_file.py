"""Files that hold what was seen of a target: readable by their owner alone, whatever the mask, new or there before."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

_OWNERS = 0o600


def open_owned(file: Path) -> BinaryIO:
    """Return a file that is written anew, its owner's alone before anything is in it.

    Raises ``OSError`` if it cannot be. What is no regular file, as ``/dev/stdout``, keeps its mode.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, _OWNERS)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, _OWNERS)
            os.ftruncate(descriptor, 0)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "wb")


def write_owned(file: Path, text: str) -> None:
    """Write a text into such a file; raise ``OSError`` if it cannot be."""
    with open_owned(file) as opened:
        opened.write(text.encode("utf-8", "backslashreplace"))
