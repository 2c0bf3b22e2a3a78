"""Runs cells: a deployment is started once, and each of its clients registers a model; whole suites by themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from registry_conformance.judge.locations import cache_folder
from registry_conformance.judge.machine import new_run_id, part_environment, python
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.external.mlflow_command import MlflowCommand
from registry_conformance.lab.external.mlflow_environment import MlflowEnvironment, MlflowEnvironmentError
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.matrix.cell import NO, SUITE, UNKNOWN, YES, Cell, Outcome, Stage
from registry_conformance.proof.matrix.declared import declare
from registry_conformance.proof.matrix.suite import suite

_PATIENCE = 900.0
"""Seconds that one registration may take on a busy machine."""
_ANSWERS = {0: YES, 1: NO}
Say = Callable[[str], None]
Done = Callable[[Outcome], None]


def carry_out(cells: Sequence[Cell], kept: Path, workers: int, say: Say, done: Done, over: Event) -> None:
    """Run the cells of one start: registrations on one deployment, or whole suites; report each result.

    The report of each is stored in ``kept/NAME``; a whole suite has this many ``workers``. A failed installation or
    start is a result too. Once ``over`` is set, nothing further begins, and a whole suite is broken off without a
    result.
    """
    if over.is_set():
        return
    try:
        for version in dict.fromkeys((cells[0].stage.server, *(cell.client for cell in cells))):
            MlflowEnvironment.named(version).make(say)
        if cells[0].kind == SUITE:
            for cell in cells:
                suite(cell, kept / cell.name, workers, done, over)
        else:
            _register(cells, kept, done, over)
    except (MlflowEnvironmentError, StackError) as problem:
        for cell in cells:
            done(Outcome(cell, UNKNOWN, str(problem).splitlines()[0]))


def _register(cells: Sequence[Cell], kept: Path, done: Done, over: Event) -> None:
    """Start the cells' deployment, and run the registration of each."""
    stack = OwnedStack(_request(cells[0].stage))
    try:
        target = stack.target()
        for cell in cells:
            if not over.is_set():
                done(_registered(cell, target, kept / cell.name))
    finally:
        stack.close()


def _request(stage: Stage) -> StackRequest:
    return StackRequest(
        new_run_id(),
        store=stage.store,
        backend=stage.backend,
        cache=cache_folder(),
        neighbour=Neighbour.named(stage.proxy),
        command=MlflowCommand.named(stage.server),
        servers=1,
    )


def _registered(cell: Cell, target: Target, kept: Path) -> Outcome:
    """Run a cell's registration with the ``register`` command, and store its report."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="matrix-") as name:
        home = Path(name)
        file = declare(target, home / "declared")
        arguments = ["--env-file", str(file), "--client", cell.client, "--json", "--report-dir", str(home / "reports")]
        try:
            told = subprocess.run(
                [python(), "-m", "registry_conformance", "register", *arguments],
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE,
                cwd=home,
                env=part_environment(new_run_id(), Path.home()),
            )
        except subprocess.TimeoutExpired:
            return Outcome(cell, UNKNOWN, f"the registration did not end within {_PATIENCE:.0f} s")
        document = _document(told.stdout)
        run = str(document.get("run", ""))
        shutil.rmtree(kept, ignore_errors=True)
        if run:
            shutil.copytree(home / "reports" / "runs" / run, kept)
    why = (
        why_not(kept)
        or str(document.get("problem", ""))
        or (told.stderr or told.stdout).strip()[-300:] * (not document)
    )
    seconds = time.monotonic() - began
    return Outcome(cell, _ANSWERS.get(told.returncode, UNKNOWN), why, seconds, dict(target.versions), run)


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def why_not(kept: Path) -> str:
    """Return the first failed step in a stored report, with its message; empty if none failed."""
    try:
        checks = json.loads((kept / "verdicts.json").read_text(encoding="utf-8"))["checks"]
    except (OSError, ValueError, KeyError):
        return ""
    failed = [check for check in checks if check["verdict"] in ("failed", "error")]
    return f"{failed[0]['claim'].rstrip('.')}: {' '.join(failed[0]['actual'].split())}"[:400] if failed else ""
