"""What a check expected, what it got, and where in the suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest._code.code import Traceback, TracebackEntry

from registry_conformance.judge.expect import Mismatch, NotAllowed, PreconditionFailed
from registry_conformance.judge.locations import ROOT, SUITES
from registry_conformance.judge.verdict import Verdict

_NOUNS = ROOT / "fixtures"
_NOT_LET_IN = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "403"}
"""Error codes of a store that does not let the suite look: nothing is known of the target then."""
_SPOKEN_BY_TARGET = ("mlflow", "requests", "urllib3", "botocore", "boto3", "http", "socket")


@dataclass(frozen=True, slots=True)
class FailureDetails:
    """Why a phase of a check did not pass; ``where`` is a file of the suite and a line."""

    expected: str
    actual: str
    where: str


def verdict_of(problem: BaseException) -> Verdict:
    """Return the verdict for an exception: the target failed, the check is inconclusive, or the suite has an error."""
    if isinstance(problem, pytest.skip.Exception | NotAllowed):
        return Verdict.INAPPLICABLE
    if isinstance(problem, PreconditionFailed):
        return Verdict.INCONCLUSIVE
    if _store_code(problem) in _NOT_LET_IN:
        return Verdict.INCONCLUSIVE
    module = type(problem).__module__.split(".")[0]
    if isinstance(problem, AssertionError | ConnectionError | TimeoutError) or module in _SPOKEN_BY_TARGET:
        return Verdict.FAILED
    return Verdict.ERROR


def _store_code(problem: BaseException) -> str:
    """Return the error code of boto3's ``ClientError``, empty for any other exception."""
    response = getattr(problem, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def failure_details_of(excinfo: pytest.ExceptionInfo[BaseException]) -> FailureDetails:
    """Return the failure details of an exception."""
    problem, entry = excinfo.value, _nearest(excinfo.traceback)
    fixture = f" (in the fixture '{entry.name}')" if Path(entry.path).is_relative_to(_NOUNS) else ""
    where = f"{_shown(Path(entry.path))}:{entry.lineno + 1}{fixture}"
    if isinstance(problem, Mismatch):
        return FailureDetails(problem.expected, problem.actual, where)
    if isinstance(problem, AssertionError):
        return FailureDetails(" ".join(str(entry.statement).split()), _first_paragraph(str(problem)), where)
    said = _first_paragraph(str(problem))
    if isinstance(problem, pytest.skip.Exception):
        return FailureDetails("", said, where)
    if _store_code(problem) in _NOT_LET_IN:
        return FailureDetails("the bucket to let the suite look into it", said, where)
    return FailureDetails("the check to run to its end", f"{type(problem).__name__}: {said}", where)


def _nearest(entries: Traceback) -> TracebackEntry:
    """Return the most useful traceback entry: a line of the check, else one of its fixtures."""
    for place in (SUITES, _NOUNS):
        for entry in reversed(entries):
            if Path(entry.path).is_relative_to(place):
                return entry
    return entries[-1]


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _first_paragraph(text: str) -> str:
    """Return the message without the details that pytest's assertion rewriting adds."""
    lines = text.strip().splitlines()
    kept = [line for line in lines if not line.startswith(("assert ", " +  where", "  +  where"))]
    return " ".join(" ".join(kept or lines).split())[:600]
