"""The exit code of a run."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import replace

import pytest

from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.verdict import Verdict, merge
from registry_conformance.lab.stack.handle import Stack, StackError


class Exit(enum.IntEnum):
    """The exit codes: pytest's own, and two of the suite's."""

    OK = 0
    FAILED = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING_VERIFIED = 5
    COULD_NOT_VERIFY = 6
    LEFT_BEHIND = 7


_OF_VERDICT = {
    Verdict.UNTESTED: Exit.NOTHING_VERIFIED,
    Verdict.INAPPLICABLE: Exit.NOTHING_VERIFIED,
    Verdict.PASSED: Exit.OK,
    Verdict.INCONCLUSIVE: Exit.COULD_NOT_VERIFY,
    Verdict.FAILED: Exit.FAILED,
    Verdict.ERROR: Exit.FAILED,
}


def exit_code(pytest_says: int, verdicts: Iterable[Verdict], problem: str, leftovers: bool) -> Exit:
    """Return the exit code of a run: an interruption or a bad option outranks the verdicts."""
    if pytest_says in {pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR}:
        return Exit(pytest_says)
    if problem:
        return Exit.COULD_NOT_VERIFY
    if pytest_says == pytest.ExitCode.INTERRUPTED:
        return Exit.INTERRUPTED
    code = _OF_VERDICT[merge(verdicts)]
    if code == Exit.OK and pytest_says == pytest.ExitCode.TESTS_FAILED:  # red outside the checks: a plugin, a worker
        return Exit.FAILED
    return Exit.LEFT_BEHIND if code == Exit.OK and leftovers else code


def left_behind(run: RunRecord, stack: Stack) -> RunRecord:
    """Return the record of a run with what could not be removed from an external store."""
    try:
        left = tuple(stack.leave())
    except StackError as problem:
        left = (str(problem),)
    code = Exit.LEFT_BEHIND if left and run.exit_code == Exit.OK else run.exit_code
    return replace(run, leftovers=(*run.leftovers, *left), exit_code=code)
