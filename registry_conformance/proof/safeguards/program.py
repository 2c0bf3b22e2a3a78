"""Mutates every condition that guards a deletion; a test must fail for each mutant.

A mutant is a function's code, replaced in the imported modules in a fork of this process; the tests of its module run
there until one fails.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.proof.safeguards.mutate import Mutant, mutants

Say = Callable[[str], None]
_PACKAGE = "registry_conformance.judge"
_LONGEST, _TIMES = 60, 10
"""Seconds that the tests may take with a mutant, and so many times what they take without any besides: one that does
not end is as good as found, and a machine that is slow finds nothing."""
TESTS = "tests/safeguards"
MODULES = (
    "target.ledger",
    "target.liveness",
    "target.guard",
    "target.requests",
    "target.workspace",
    "clients.request_guard",
    "clients.bucket",
    "clients.backend_store",
    "live.extent",
    "live.presence",
    "live.stored_files",
    "live.experiment_files",
    "live.holder",
    "live.cleanup",
    "live.janitor",
)
"""The modules that a deletion passes on its way; the names of their tests begin with ``test_`` and the module's."""


class SafeguardTestsError(RuntimeError):
    """The tests fail without a mutant; the message names the module."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A mutant and the module that it is of."""

    module: str
    mutant: Mutant

    def __str__(self) -> str:
        return f"{self.module}:{self.mutant.line} {self.mutant.function}: {self.mutant.change}"


def planned(only: str = "") -> list[Planned]:
    """Return every mutant of all modules, or of those with ``only`` in their names."""
    found = []
    for name in MODULES:
        if only in name:
            file = Path(str(_module(name).__file__))
            found += [Planned(name, each) for each in mutants(file.read_text(encoding="utf-8"), str(file))]
    return found


def survivors(plan: Sequence[Planned], root: Path, workers: int, say: Say) -> list[Planned]:
    """Return the mutants for which no test fails; raise ``SafeguardTestsError`` if the tests fail without one."""
    quiet = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={root}"]
    with _silence():
        pytest.main([*quiet, "--collect-only", str(root / TESTS)])  # imports all that the forks need
    patience: dict[str, int] = {}
    for module in sorted({each.module for each in plan}):
        began = time.monotonic()
        if _died(functools.partial(_tests, [*quiet, *_files(module, root)])):
            raise SafeguardTestsError(f"the tests of {module} fail without any mutant")
        patience[module] = _LONGEST + int(_TIMES * (time.monotonic() - began))
    alive, running = [], {}
    for number, one in enumerate(plan, 1):
        work = functools.partial(_mutated, one, [*quiet, *_files(one.module, root)])
        running[_forked(work, patience[one.module])] = one
        while len(running) >= workers or (number == len(plan) and running):
            pid, status = os.wait()
            ended = running.pop(pid)
            if status == 0:
                alive.append(ended)
                say(f"survived: {ended}")
            elif os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
                say(f"did not end in {patience[ended.module]} s: {ended}")
    return alive


def _files(module: str, root: Path) -> list[str]:
    name = module.rpartition(".")[2]
    return [str(file) for file in sorted((root / TESTS).glob(f"test_{name}*.py"))]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{_PACKAGE}.{name}")


def _mutated(one: Planned, arguments: Sequence[str]) -> int:
    _function(_module(one.module), one.mutant.function).__code__ = one.mutant.code
    return _tests(arguments)


def _tests(arguments: Sequence[str]) -> int:
    return int(pytest.main(list(arguments)))


def _function(module: ModuleType, qualname: str) -> FunctionType:
    """Return a function by name, without its decorators."""
    found: Any = module
    for name in qualname.split("."):
        found = inspect.getattr_static(found, name)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    function: FunctionType = inspect.unwrap(found)
    return function


def _died(work: Callable[[], int]) -> bool:
    _, status = os.waitpid(_forked(work), 0)
    return status != 0


def _forked(work: Callable[[], int], patience: int = 0) -> int:
    """Run something in a silent fork of this process that ends after ``patience`` seconds, 0 for never.

    Returns its process id.
    """
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(patience)
    code = 3
    try:
        with _silence():
            code = work()
    finally:
        os._exit(code)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with (
        Path(os.devnull).open("w") as nothing,
        contextlib.redirect_stdout(nothing),
        contextlib.redirect_stderr(nothing),
    ):
        yield


def prove(only: str, every: int, workers: int, say: Say) -> int:
    """Mutate each ``every``-th condition of the modules with ``only`` in their names; return the exit code."""
    plan = planned(only)[::every]
    alive = survivors(plan, ROOT, workers, say)
    say(f"{len(plan)} mutants, {len(plan) - len(alive)} found by a test, {len(alive)} survived")
    return 1 if alive else 0
