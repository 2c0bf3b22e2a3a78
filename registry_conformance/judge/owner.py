"""Identifies an owner process, distinguished from all other processes with the same pid."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

_BOOT, _NUMBERS = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its pid, its start time, and its machine (boot id and pid namespace)."""

    pid: int
    started: str
    machine: str

    @classmethod
    def this(cls) -> Owner:
        """Return this process."""
        return cls(os.getpid(), _started(os.getpid()), _machine())

    @classmethod
    def read(cls, text: str) -> Owner | None:
        """Return the owner in a text, ``None`` if it has none."""
        try:
            fields = json.loads(text)
            return cls(int(fields["pid"]), str(fields["started"]), str(fields["machine"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def text(self) -> str:
        """Return the text form for ``read``."""
        return json.dumps(asdict(self))

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine, so that its end can be observed."""
        return self.machine == _machine()

    @property
    def is_dead(self) -> bool:
        """Whether it has certainly ended; unknown for a process of another machine."""
        return self.is_here and _started(self.pid) != self.started


def _started(pid: int) -> str:
    """Return the start time of a process, independent of clock changes; empty if it does not run."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if _BOOT.exists() else _started_by_clock(pid)
    except OSError:
        return ""
    state, ticks = fields[0], fields[19]
    return "" if state in "ZX" else ticks


def _started_by_clock(pid: int) -> str:
    import psutil  # noqa: PLC0415 - where the kernel has no files that tell

    try:
        return f"{psutil.Process(pid).create_time():.0f}"
    except psutil.Error:
        return ""


@cache
def _machine() -> str:
    """Return an identifier of this machine, this boot, and this pid namespace."""
    try:
        return f"{platform.node()} {_BOOT.read_text().strip()} {_NUMBERS.stat().st_ino}"
    except OSError:
        return platform.node()
