"""Judges a change: one run of the deployment before it and one after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.owned_file import whole
from registry_conformance.judge.report.effect import Effect
from registry_conformance.judge.report.effect_markdown import render, undecided
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.read import UnreadableError, read
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.write import RUNS, VERDICTS, explained
from registry_conformance.run.base import Base
from registry_conformance.run.child_run import carry_out
from registry_conformance.run.session.arguments import REAL_REGISTRATION, in_suites

BEFORE = "before"
"""The report folder of runs before a change, which are not part of the target's history."""
COMMENT = "change.md"
_WHAT = (
    *("--stack", "--store", "--backend-store", "--proxy", "--proxy-port", "--proxy-image"),
    *("--deployment", "--mlflow", "--mlflow-image", "--mlflow-settings", "--fault"),
)
_CHANGED = re.compile(
    r" --(?:proxy-image|mlflow-image|deployment)=(?:'[^']*'|\S+)"
    r"|(?<= --proxy=)(')?([\w-]+):(?(1)[^']*[/.][^']*'|\S*[/.]\S*)"
)
"""What a run's series says of a change's files or image."""
Say = Callable[[str], None]


class NotJudgedError(RuntimeError):
    """A side of a change was not judged, so there is no record of it; ``code`` is its run's exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Change:
    """A change to judge: the new state by pytest's ``options`` (without dashes), and the old one, ``base``.

    ``more`` are further pytest arguments for both sides, ``clients`` further versions of the MLflow client, each of
    which registers a model on both sides.
    """

    base: Base
    options: Mapping[str, str]
    more: Sequence[str]
    clients: Sequence[str]
    reports: Path


def judge(change: Change, say: Say, comment: Path | None = None) -> Effect:
    """Run both sides as needed, write the comment next to the later report, and return the effect.

    Raises ``NotJudgedError`` and ``ReportFolderError``.
    """
    sides = [_pair(change, say)]
    sides += [_pair(change, say, client) for client in change.clients]
    effect = Effect.of(sides)
    for file in (change.reports / RUNS / sides[0][1].run_id / COMMENT, *([comment] if comment else [])):
        _put(file, render(effect, *sides[0]))
    return effect


def tell_undecided(said: str, comment: Path) -> None:
    """Write the comment on a change that could not be judged; raise ``ReportFolderError``."""
    _put(comment, undecided(said))


def _put(file: Path, lines: Iterable[str]) -> None:
    with explained(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole(file):
            file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _pair(change: Change, say: Say, client: str = "") -> tuple[RunRecord, RunRecord]:
    """Return the records of both sides; of one registration each if a client is named."""
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
    now = _run(after, change.more, change.reports, one=bool(client))
    if change.base.run is not None:
        _check_alike(before, now)
    return before, now


def _check_alike(before: RunRecord, after: RunRecord) -> None:
    """Raise ``NotJudgedError`` if an earlier run judged another target, or other checks."""
    if before.problem or after.problem:
        return
    if _judged_target(before) != _judged_target(after):
        raise NotJudgedError(f"the run {before.run_id} judged {before.series!r}, and this one {after.series!r}", 4)
    if before.whole != after.whole:
        asked = {True: "every check", False: "a part of the checks"}
        told = f"the run {before.run_id} was asked {asked[before.whole]}, and this one {asked[after.whole]}"
        raise NotJudgedError(f"{told}; ask the same of both", 4)
    if not after.whole and (one_sided := sorted(_checks_of(before) ^ _checks_of(after))):
        told = f"the run {before.run_id} and this one were not asked the same checks: one alone has {one_sided[0]}"
        more = f" and {len(one_sided) - 1} more" if one_sided[1:] else ""
        raise NotJudgedError(f"{told}{more}; ask the same of both", 4)


def _checks_of(run: RunRecord) -> set[str]:
    """Return the checks of a run without their cases, which may depend on the target."""
    return {check.nodeid.partition("[")[0] for check in run.records}


def _judged_target(run: RunRecord) -> str:
    """Return what a run judged, without the files or the image that change."""
    return _CHANGED.sub(r"\2", run.series)


def _run(options: Mapping[str, str], more: Sequence[str], reports: Path, *, one: bool) -> RunRecord:
    """Return the record of a new run: of every check, or of ``one`` registration."""
    run_id = new_run_id()
    whole = SUITES / ("local" if options.get("stack") else "live")
    suite = REAL_REGISTRATION if one else whole
    named = [f"--{name}={value}" for name, value in options.items() if value]
    quiet = ["-qq", "--no-header", "-p", "no:xdist", *_of_what(more)] if one else list(more)
    given = [*in_suites(cached=not one), f"--report-dir={reports}", f"--run-id={run_id}", *named, *quiet]
    code = carry_out([str(suite), *given])
    file = reports / RUNS / run_id / VERDICTS
    if not file.is_file() or code in {2, 3, 4}:
        raise NotJudgedError(f"the run {run_id} came to no verdict (exit code {code})", code)
    return _read(file)


def _of_what(more: Sequence[str]) -> Iterator[str]:
    """Yield those run arguments that name the target, not the checks."""
    for place, each in enumerate(more):
        name, given, _ = each.partition("=")
        if name in _WHAT:
            yield from more[place : place + (1 if given else 2)]


def _read(file: Path) -> RunRecord:
    try:
        return read(file, Spool())
    except UnreadableError as problem:
        raise NotJudgedError(str(problem), 4) from problem
