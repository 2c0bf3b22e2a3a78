"""Stacks and single parts as benchmarks start them, with the time until they are ready."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import BenchError
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import new_run_id, part_environment, python
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.lab.stack.request import StackRequest

PARTS = ("store", "keys", "auth", "mlflow", "proxy")
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What every benchmark is given: the store's kind, and a folder of the bench's own."""

    store: str
    folder: Path

    @property
    def cache(self) -> Path:
        """A folder that outlives each stack, as pytest's cache does."""
        cache = self.folder / "cache"
        cache.mkdir(exist_ok=True)
        return cache


@dataclass(frozen=True, slots=True)
class Up:
    """A stack that is ready: its handle, its target, and how many seconds that took."""

    stack: OwnedStack
    target: Target
    seconds: float


@contextmanager
def stack_up(bench: Bench, servers: int = 2, backend: str = "sqlite") -> Iterator[Up]:
    """Bring the reference stack up, timed; end it on leaving. Raises ``BenchError`` if it does not start.

    ``servers`` is how many processes MLflow has, ``backend`` its database.
    """
    began = time.monotonic()
    try:
        wanted = StackRequest(new_run_id(), store=bench.store, cache=bench.cache, servers=servers, backend=backend)
        owned = OwnedStack(wanted)
    except StackError as problem:
        raise BenchError(str(problem)) from problem
    try:
        target = owned.target()
        yield Up(owned, target, time.monotonic() - began)
    except StackError as problem:
        raise BenchError(str(problem)) from problem
    finally:
        owned.close()


def seconds_alone(bench: Bench, part: str) -> float:
    """Return the seconds that one part needs until it is ready, in a process of its own with nothing beside it."""
    run_id = new_run_id()
    began = time.monotonic()
    with subprocess.Popen(
        [python(), "-m", "benchmarks.alone", part, bench.store, str(bench.cache), run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=part_environment(run_id, bench.folder),
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        said = process.stdout.readline()
        seconds = time.monotonic() - began
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
        if not said:
            assert process.stderr
            raise BenchError(f"{part} did not start alone: {process.stderr.read().strip()[-1000:]}")
    return seconds
