"""What a dead door costs a visit: three doors of which one is dead, beside the two that work."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import BenchError, Figure, Target, rounds_within
from benchmarks.stacks import Bench
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import new_run_id, python
from registry_conformance.judge.target.target import Target as Judged
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.rehearsal.external_environment import EnvironmentChanges, environment

ROUNDS = 1
LIMIT = 600.0
GOAL = Target(1.2)
CHECKS = "test_metadata_routes or test_artifact_routes or test_bytes or test_names"
"""What is asked at each door, as pytest's ``-k`` has it."""


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Visit a stack by two doors, then by three of which one refuses connections, or says nothing."""
    stack = OwnedStack(StackRequest(new_run_id(), store=bench.store))
    try:
        return _figures(bench.folder, stack.target(), rounds)
    finally:
        stack.close()


def _figures(folder: Path, target: Judged, rounds: int) -> list[Figure]:
    two = replace(target, doors=target.doors[:2])
    dead = target.doors[2].name
    ratios: dict[str, list[float]] = {"refuses connections": [], "says nothing": []}
    notes = []
    for number in rounds_within(rounds, LIMIT):
        base = _visit(environment(two, folder / f"{number}-two"), green=True)
        notes = [f"two doors {base:.0f} s"]
        for kind, seconds in ratios.items():
            with _dead_port(silent=kind == "says nothing") as port:
                changed = EnvironmentChanges(doors={dead: f"http://127.0.0.1:{port}/mlflow"})
                took = _visit(environment(target, folder / f"{number}-{port}", changed), green=False)
            seconds.append(took / base)
            notes.append(f"with one that {kind} {took:.0f} s")
    words = ", ".join(notes)
    return [Figure(f"a door that {kind}", "ratio", values, GOAL, words) for kind, values in ratios.items()]


def _visit(file: Path, *, green: bool) -> float:
    """Return how many seconds a visit to an environment takes; raise ``BenchError`` if it ends otherwise than it may.

    With a dead door it is not green, and must say so in its report.
    """
    began = time.monotonic()
    done = subprocess.run(
        [
            *(python(), "-m", "pytest", "suites/live", f"--env-file={file}", f"--report-dir={file.parent / 'reports'}"),
            *("-n", "2", "-q", "-p", "no:cacheprovider", "-k", CHECKS),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if (done.returncode == 0) is not green or done.returncode not in (0, 1, 6):
        raise BenchError(f"a visit ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-600:]}")
    return time.monotonic() - began


@contextmanager
def _dead_port(*, silent: bool) -> Iterator[int]:
    """Yield a port at which nothing listens, or at which connections are taken and nothing is said."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        port = int(server.getsockname()[1])
        if silent:
            yield port
            return
    yield port
