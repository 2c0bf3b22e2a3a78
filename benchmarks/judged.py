"""A judging run as a user starts it, with the moments at which its stack was ready and its reports were written."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.figure import BenchError
from registry_conformance.judge.machine import python

LIMIT = 1200.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Seconds of one run: ``wall`` from start to exit, ``past_ready`` from the stack's readiness to the last word.

    ``processor`` is what all processes of the machine used of its processors while past readiness.
    """

    wall: float
    past_ready: float
    processor: float


def judge(root: Path, *arguments: str, limit: float = LIMIT, stack: str = "embedded") -> Judged:
    """Run pytest in a project tree, on a stack of this kind.

    Raises ``BenchError`` unless it ends green within ``limit`` seconds.
    """
    began = last = time.monotonic()
    ready = used = 0.0
    said: deque[str] = deque(maxlen=12)
    with subprocess.Popen(
        [python(), "-m", "pytest", *arguments, f"--stack={stack}"],
        cwd=root,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        timer = threading.Timer(limit, process.kill)
        timer.start()
        try:
            for line in process.stdout:
                last = time.monotonic()
                said.append(line)
                if line.startswith("ready after"):
                    ready, used = last, _processor_seconds()
            code = process.wait()
        finally:
            timer.cancel()
            process.terminate()
    if code != 0 or not ready:
        raise BenchError(f"pytest {' '.join(arguments)} ended with exit code {code}:\n{''.join(said)}")
    return Judged(time.monotonic() - began, last - ready, _processor_seconds() - used)


def _processor_seconds() -> float:
    """Return what this machine's processors have worked since it was started, in seconds of one of them."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)
