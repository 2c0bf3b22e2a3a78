"""``janitor``: remove what interrupted runs left behind on a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, URL, Age, exactly_one
from registry_conformance.cli.patience import patience
from registry_conformance.cli.problems import EndedError, could_not, refuse

if TYPE_CHECKING:
    from registry_conformance.judge.live.environment.file import EnvironmentFile
    from registry_conformance.judge.live.janitor import SweepResult
    from registry_conformance.judge.target.target import Target

LEFT = 7
_PATIENCE = 15.0
"""Seconds that a sign of life is waited for."""
_ADOPTED_AFTER = timedelta(hours=24)


@click.command()
@URL
@ENV
@ENV_FILE
@click.option(
    "--older-than", type=Age(), default="24h", show_default=True, help="Skip runs that began later: 30m, 24h, 7d."
)
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@REPORT_DIR
@click.pass_context
def command(
    ctx: click.Context,
    url: str,
    env: str,
    env_file: Path | None,
    older_than: timedelta,
    dry_run: bool,
    report_dir: Path,
) -> int:
    """Remove what interrupted runs left behind on a target.

    Objects that a ledger in reports/ledgers lists and that carry the run's name are removed. If the ledger of a run is
    not on this machine, objects with that run's name are removed a day after it began, not before: it may still be
    running elsewhere.

    \b
    Examples:
      registry-conformance janitor --env staging --dry-run
      registry-conformance janitor --url https://registry.example/api/mlflow --older-than 1h
      registry-conformance janitor --env-file staging.toml --older-than 7d

    Exit codes: 0 nothing is left, 7 something is, 4 bad option or environment, 6 the target does not answer.
    """
    from registry_conformance.judge.expect import Mismatch
    from registry_conformance.judge.live.environment.error import EnvironmentFileError
    from registry_conformance.judge.live.janitor import sweep
    from registry_conformance.judge.live.target import target_of
    from registry_conformance.judge.machine import isolate
    from registry_conformance.judge.report.redact import Redactor
    from registry_conformance.judge.target.ledger import LedgerError

    exactly_one(ctx, "url", "env", "env_file")
    before = datetime.now(UTC) - older_than
    try:
        name, environment = _environment(url, env, env_file)
        ledgers = report_dir / "ledgers" / name
        if environment.access == "read-only":
            nothing = "is read-only: runs create nothing there, so there is nothing to remove"
            raise refuse(f"{environment.at('access')} {nothing}")
        target = target_of(name, environment, None)
    except EnvironmentFileError as problem:
        raise refuse(problem) from problem
    isolate()
    redactor, purge = Redactor(target.secrets), environment.cleanup.purge if environment.cleanup else ()
    word = "would go" if dry_run else "left behind"
    try:
        with patience("janitor", "asking and removing"):
            left = _adopted(target, ledgers, before, deleted=bool(purge), dry=dry_run)
            for swept in sweep(target, ledgers, before, purge, dry=dry_run):
                for line in _report_lines(swept, word):
                    click.echo(redactor.text(line))
                left += len(swept.cleaned.left)
    except LedgerError as problem:
        raise EndedError(redactor.text(str(problem)), LEFT) from problem
    except Mismatch as problem:
        said = _unanswered(target) or f"expected {problem.expected}, got {problem.actual}"
        raise could_not(redactor.text(f"{name} cannot be swept: {said}")) from problem
    if not left:
        click.echo(f"{name}: nothing is left behind by runs that began before {before:%Y-%m-%d %H:%M} UTC")
    return LEFT if left else 0


def _unanswered(target: Target) -> str:
    """Return why a target that cannot be swept does not answer as MLflow does, in the doctor's words; empty if it does.

    A request of the sweep itself says only what it got.
    """
    from registry_conformance.judge.diagnosis.preflight import examine
    from registry_conformance.judge.live.address import described_finding

    door = replace(target.doors[0], guard=None)
    found = examine(door, target.key_at(door), "janitor", _PATIENCE).finding
    return described_finding(found) if found is not None else ""


def _environment(url: str, env: str, env_file: Path | None) -> tuple[str, EnvironmentFile]:
    """Return the environment to sweep, with the name of its folder of ledgers; raise ``EnvironmentFileError``."""
    from registry_conformance.judge.live.address import environment_at, name_of
    from registry_conformance.judge.live.reader import file_of, read

    if url:
        return name_of(url), environment_at(url)
    return (env_file.stem, read(env_file.resolve())) if env_file else (env, read(file_of(env)))


def _report_lines(swept: SweepResult, word: str) -> Iterator[str]:
    """Yield the report on one run: how many objects are gone, and each that is not, labelled with ``word``."""
    if swept.alive:
        yield f"{swept.run_id}: is still running, and is not touched"
        return
    yield f"{swept.run_id}: {swept.cleaned.gone} gone, {len(swept.cleaned.left)} {word}"
    yield from (f"  {word}: {one}" for one in swept.cleaned.left)
    yield from (f"  {note}" for note in swept.cleaned.notes)


def _unseen_uploads(target: Target) -> str:
    """Return which unfinished uploads of a run without a ledger nobody can find."""
    if target.bucket is None:
        return "its unfinished uploads, as the environment has no [bucket]; they stay until the bucket's rules end them"
    return (
        "its unfinished uploads, if the store does not list them by prefix (MinIO does not, and ends them after a day)"
    )


def _adopted(target: Target, ledgers: Path, before: datetime, *, deleted: bool, dry: bool) -> int:
    """Write a ledger for each run that has none here, or list what it left (``dry``); return the number listed."""
    from registry_conformance.judge.live.janitor import adopt, runs_without_ledger

    lost = runs_without_ledger(target, ledgers, min(before, datetime.now(UTC) - _ADOPTED_AFTER), deleted=deleted)
    for run_id in sorted(lost):
        click.echo(f"{run_id}: its ledger is not in {ledgers}: objects that carry its name count as created by it")
    if lost:
        click.echo(f"  not known without a ledger: {_unseen_uploads(target)}")
    if not dry:
        adopt(target, ledgers, lost)
        return 0
    named = [f"{made.kind} {made.name}" for run_id in lost for made in lost[run_id]]
    for one in named:
        click.echo(f"  would go: {one}")
    return len(named)
