"""Secrets of a live run that other users of the machine could see: processes, console, files."""

from __future__ import annotations

import gzip
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from registry_conformance.proof.rehearsal.sent_bytes import Search

_PAUSE = 0.5
"""Seconds between two inspections of a run's processes."""


def shown_by_processes(visit: subprocess.Popen[str], search: Search, patience: float) -> list[str]:
    """Wait for a run while inspecting its processes; return secrets in command lines and environments.

    Raises ``subprocess.TimeoutExpired`` if it has not ended after ``patience`` seconds.
    """
    found: dict[str, None] = {}
    give_up = time.monotonic() + patience
    while True:
        found |= dict.fromkeys(_shown(visit.pid, search))
        try:
            visit.wait(_PAUSE)
        except subprocess.TimeoutExpired:
            if time.monotonic() > give_up:
                raise
        else:
            return list(found)


def _shown(pid: int, search: Search) -> Iterator[str]:
    try:
        begun = psutil.Process(pid)
        processes = [begun, *begun.children(recursive=True)]
    except psutil.Error:
        return
    for process in processes:
        try:
            shown = {
                "command line": "\0".join(process.cmdline()),
                "environment": "\0".join(f"{name}={value}" for name, value in process.environ().items()),
            }
            name = process.name()
        except psutil.Error:
            continue
        for place, text in shown.items():
            if found := search.first(text.encode("utf-8", "surrogateescape")):
                yield f"the {place} of {name} shows {found}"


def kept_in_files(folder: Path, search: Search) -> list[str]:
    """Return a line for each file below a folder that contains a secret, or is readable by others."""
    found = []
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        data = file.read_bytes()
        if held := search.first(gzip.decompress(data) if file.suffix == ".gz" else data):
            found.append(f"{file.relative_to(folder)} holds {held}")
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            found.append(f"{file.relative_to(folder)} is open to others than its owner")
    return found
