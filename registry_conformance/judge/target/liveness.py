"""Whether a run is alive: its process locks a file next to its ledger; the lock is released when it ends."""

from __future__ import annotations

import platform
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from registry_conformance.judge.target.ledger import Header, LedgerError

_HELD: dict[Path, sqlite3.Connection] = {}
"""The locks of this process, by ledger."""


def hold(ledger: Path) -> None:
    """Lock a ledger's run as alive until ``release`` or the end of this process; raise ``LedgerError`` on failure."""
    try:
        lock = sqlite3.connect(_lock_of(ledger), timeout=0, isolation_level=None, check_same_thread=False)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as problem:
        raise LedgerError(f"{_lock_of(ledger)}: cannot be held: {problem}; nothing is sent") from problem
    _HELD[ledger] = lock


def release(ledger: Path) -> None:
    """Release the lock of a ledger's run."""
    if lock := _HELD.pop(ledger, None):
        lock.close()
        _lock_of(ledger).unlink(missing_ok=True)


def is_alive(ledger: Path, about: Header) -> bool:
    """Return whether the run of a ledger may still send requests.

    On this machine its lock tells. A run on another machine counts as alive until its time limit has passed.
    """
    if about.host != platform.node() and time.time() < about.began + about.seconds:
        return True
    lock = _lock_of(ledger)
    if not lock.exists():
        return False
    try:
        with closing(sqlite3.connect(lock, timeout=0, isolation_level=None)) as held:
            held.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return True
    return False


def _lock_of(ledger: Path) -> Path:
    return ledger.with_suffix(".alive")
