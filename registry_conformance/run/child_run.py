"""A pytest run in a child process that ends with its parent."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.machine import python

GRACE = 60.0
"""Seconds that a run may take to clear up and to report, once it is interrupted."""


def carry_out(arguments: Sequence[str]) -> int:
    """Run pytest with these arguments and return its exit code; its output goes to this process's output.

    If this process is asked to end, the run is interrupted; it cleans up and reports first.
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
    """In the child: accept interrupts even if the parent ignores them, and be interrupted when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent(by=signal.SIGINT)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a running child so that it cleans up; kill it if it does not end."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
