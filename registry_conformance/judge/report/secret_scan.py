"""The final scan of a run's files for secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from registry_conformance.judge.report.redact import Redactor

_CHUNK = 4 << 20
_OVERLAP = 128 << 10
"""Longer than any form of a secret, so that one across two chunks is complete in the overlap."""


def giving_away(folder: Path, redactor: Redactor, since: float = 0.0) -> list[Path]:
    """Return the files below ``folder`` that contain a secret in any form and were written ``since`` a moment.

    Links are not followed.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    written = [file for file in files if file.stat().st_mtime >= since]
    return [file for file in written if _gives_away(file, redactor)]


def _gives_away(file: Path, redactor: Redactor) -> bool:
    return any(redactor.finds(chunk) for chunk in _chunks(file))


def _chunks(file: Path) -> Iterator[bytes]:
    """Yield a file in pieces that overlap."""
    kept = b""
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield kept + piece
            kept = (kept + piece)[-_OVERLAP:]
