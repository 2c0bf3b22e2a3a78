"""Files readable by their owner only, whatever the umask, new or existing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_OWNERS = 0o600


def open_owned(file: Path) -> BinaryIO:
    """Return a truncated file that is readable by its owner only before anything is written; raise ``OSError``.

    A special file such as ``/dev/stdout`` keeps its mode.
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


def check_creatable(file: Path) -> None:
    """Verify that such a file can be written, and leave it as it was; raise ``OSError``.

    A special file is not opened: whoever reads a pipe would take that for its end.
    """
    existed = file.exists()
    if existed and not file.is_file() and not file.is_dir():
        return
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, _OWNERS))
    if not existed:
        file.resolve().unlink()


def write_owned(file: Path, text: str) -> None:
    """Write a text to such a file; raise ``OSError``, and leave no new file behind then."""
    with whole(file), open_owned(file) as opened:
        opened.write(text.encode("utf-8", "backslashreplace"))


@contextmanager
def whole(file: Path) -> Iterator[None]:
    """Remove a file that the block made and could not finish: the next attempt would find it there."""
    existed = os.path.lexists(file)
    try:
        yield
    except OSError:
        if not existed and file.is_file():
            file.unlink()
        raise
