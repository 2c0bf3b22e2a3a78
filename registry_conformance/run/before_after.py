"""A change judged by what it changes: the deployment before it and after it, each asked by a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.report.effect import Effect
from registry_conformance.judge.report.effect_markdown import render
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.read import UnreadableError, read
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.write import RUNS, VERDICTS, explained
from registry_conformance.run.base import Base
from registry_conformance.run.child_run import carry_out
from registry_conformance.run.session.arguments import REAL_REGISTRATION, in_suites

BEFORE = "before"
"""The folder of reports that runs before a change go to: they are no part of the history of what is judged."""
COMMENT = "change.md"
Say = Callable[[str], None]


class NotJudgedError(RuntimeError):
    """A side of a change was not judged, so that no record of it is there; ``code`` is its run's exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Change:
    """A change to judge: what is there now, by pytest's ``options`` (without dashes), and what was there, ``base``.

    ``more`` are further arguments of pytest for both sides, ``clients`` further versions of the MLflow client, each of
    which registers a model on both sides.
    """

    base: Base
    options: Mapping[str, str]
    more: Sequence[str]
    clients: Sequence[str]
    reports: Path


def judge(change: Change, say: Say, comment: Path | None = None) -> Effect:
    """Run what is needed on both sides, write the comment beside the report of the later run, and return the effect.

    Raises ``NotJudgedError`` and ``ReportFolderError``.
    """
    sides = [_pair(change, say)]
    sides += [_pair(change, say, client) for client in change.clients]
    effect = Effect.of(sides)
    text = "\n".join([*render(effect, *sides[0]), ""])
    for file in (change.reports / RUNS / sides[0][1].run_id / COMMENT, *([comment] if comment else [])):
        with explained(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return effect


def _pair(change: Change, say: Say, client: str = "") -> tuple[RunRecord, RunRecord]:
    """Return the records of both sides, of one registration if a client is named."""
    by = f", the MLflow client {client}" if client else ""
    after = {**change.options, **({"client": client} if client else {})}
    if change.base.run is not None:
        if client:
            raise NotJudgedError("a run that is over can be asked with no further client: leave out --also-client", 4)
        before = _read(change.base.run)
    else:
        say(f"\n=== before the change: {change.base.words}{by}")
        before = _run({**after, **change.base.options}, change.more, change.reports / BEFORE, one=bool(client))
    say(f"\n=== after the change{by}")
    return before, _run(after, change.more, change.reports, one=bool(client))


def _run(options: Mapping[str, str], more: Sequence[str], reports: Path, *, one: bool) -> RunRecord:
    """Return the record of a run that is made now: of every check, or of ``one`` registration."""
    run_id = new_run_id()
    suite = REAL_REGISTRATION if one else SUITES / ("local" if options.get("stack") else "live")
    named = [f"--{name}={value}" for name, value in options.items() if value]
    quiet = ["-qq", "--no-header", "-p", "no:xdist"] if one else list(more)
    given = [*in_suites(cached=not one), f"--report-dir={reports}", f"--run-id={run_id}", *named, *quiet]
    code = carry_out([str(suite), *given])
    file = reports / RUNS / run_id / VERDICTS
    if not file.is_file() or code in {2, 3, 4}:
        raise NotJudgedError(f"the run {run_id} came to no verdict (exit code {code})", code)
    return _read(file)


def _read(file: Path) -> RunRecord:
    try:
        return read(file, Spool())
    except UnreadableError as problem:
        raise NotJudgedError(str(problem), 4) from problem
