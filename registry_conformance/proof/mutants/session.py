"""Runs mutant jobs on local stacks in one pytest session; secrets are redacted in their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from registry_conformance.judge.locations import SUITES, cache_folder
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.forked_session import HEALTHY, ForkedSession, Job
from registry_conformance.proof.mutants.outcome import MutantOutcome
from registry_conformance.run.settings import Settings

PATIENCE = 20.0
"""Seconds that a part may take to be ready with a mutant in it, before that counts as one that does not start."""


def do_jobs(
    jobs: Callable[[Sequence[Check]], Iterable[Job]],
    take: Callable[[str, Any], None],
    slots: int,
    settings: Settings,
    proxy: str = "",
) -> str:
    """Start stacks and run jobs on them; return why the checks could not be collected, empty if they were.

    ``proxy`` names the proxy of the stacks, as ``--proxy`` does; empty for the reference's.
    """
    request = StackRequest(
        settings.run_id, HEALTHY, settings.store, settings.stack, cache=cache_folder(), patience=PATIENCE
    )
    stack = OwnedStack(replace(request, neighbour=Neighbour.named(proxy) if proxy else None))
    try:
        hide = Redactor(stack.target().secrets)
        session = ForkedSession(stack, slots, jobs, lambda name, result: take(name, _redacted(result, hide)))
        own = [f"--stack={settings.stack}", f"--store={settings.store}", f"--report-dir={settings.report_dir}"]
        own += [f"--proxy={proxy}"] if proxy else []
        folders = [str(SUITES / "contract"), str(SUITES / "local")]
        code = pytest.main([*folders, "-p", "no:terminal", *own], plugins=[session])
    finally:
        stack.close()
    if code == pytest.ExitCode.INTERRUPTED:  # pytest keeps it to itself
        raise KeyboardInterrupt
    return "\n".join(session.problems)


def _redacted(result: Any, hide: Redactor) -> Any:
    """Return what came of a job without secrets."""
    if isinstance(result, MutantOutcome):
        result.message, result.why = hide.text(result.message), hide.text(result.why)
    return RuntimeError(hide.text(str(result))) if isinstance(result, Exception) else result
