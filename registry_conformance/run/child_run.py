"""A run of pytest in a process of its own, which ends with the one that started it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.machine import python

GRACE = 60.0
"""Seconds that a run may take to clear up and to report, once it is interrupted."""


def carry_out(arguments: Sequence[str]) -> int:
    """Run pytest with these arguments and return its exit code; what it says goes where this process says things.

    If this process is asked to end, the run is interrupted, clears up and reports first.
    """
    process = subprocess.Popen(
        [python(), "-P", "-m", "pytest", *arguments],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - no threads here
    )
    try:
        return process.wait()
    finally:
        interrupt(process)


def end_with_parent() -> None:
    """In the process of a run: heed interrupts, whoever ignores them above, and be interrupted when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent(by=signal.SIGINT)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a run that is still going, so that it clears up, and kill it if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
