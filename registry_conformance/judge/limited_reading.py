"""Reads files up to a limit: a device gives without end."""

from __future__ import annotations

import errno
from pathlib import Path

SETTINGS = 4 << 20
"""Bytes of a file that people write."""
DOCUMENTS = 512 << 20
"""Bytes of a file that programs write."""


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
