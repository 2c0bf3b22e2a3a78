"""Run after run of the suite on a deployment that is whole: whatever is not green is a false alarm."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext

import psutil

from benchmarks.figure import BenchError
from registry_conformance.judge.machine import python

_LOOP = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"
"""Keeps a core busy for as long as the process lives that started it."""


def steady(runs: int, busy_runs: int, run: Callable[[], float], say: Callable[[str], None]) -> bool:
    """Run ``runs`` times, the last ``busy_runs`` of them with every core busy; return whether all were green.

    ``run`` returns its seconds past the stack's start, or raises ``BenchError`` with what was not green; each run
    is told in one line or, if it was not green, in several.
    """
    alarms = 0
    for number in range(1, runs + 1):
        loaded = number > runs - busy_runs
        name = f"run {number} of {runs}{', every core busy' if loaded else ''}"
        try:
            with busy() if loaded else nullcontext():
                seconds = run()
            say(f"{name}: green, {seconds:.1f} s past start")
        except BenchError as alarm:
            alarms += 1
            say(f"{name}: NOT GREEN\n{alarm}")
    return not alarms


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy with a process of its own; end each of them on leaving."""
    with ExitStack() as running:
        for _ in range(psutil.cpu_count() or 1):
            loop = subprocess.Popen([python(), "-c", _LOOP, str(psutil.Process().pid)])
            running.callback(loop.wait)
            running.callback(loop.kill)
        yield
