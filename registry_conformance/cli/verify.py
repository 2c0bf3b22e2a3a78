"""``verify``: all checks against a deployment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from registry_conformance.cli.axes import given, with_axes
from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, STACK_TO_START, URL, Whole, exactly_one
from registry_conformance.cli.problems import COULD_NOT, INTERRUPTED, USAGE, EndedError, refuse

_PASSED_ON = (INTERRUPTED, USAGE, 5)
"""Exit codes of a run that also become the exit code if the change cannot be judged."""
_OURS = ("--run-id", "--report-dir")
"""Options that must differ between the two runs of ``--against``."""


@click.command()
@URL
@ENV
@ENV_FILE
@STACK_TO_START
@with_axes
@click.option(
    "--fault", "faults", multiple=True, type=FAULT, help="Inject this fault into the stack (may be repeated)."
)
@click.option("--read-only", is_flag=True, help="Send only requests that change nothing; no registration is tried.")
@click.option("-k", "selection", default="", metavar="EXPRESSION", help="Only checks whose names match (pytest's -k).")
@click.option("-n", "workers", type=Whole(0), default=0, metavar="N", help="The number of worker processes.")
@click.option(
    "--against",
    metavar="BASE",
    help="Judge a change against the version before: an image, a file, a folder, a git revision or an earlier run.",
)
@click.option(
    "--also-client",
    "clients",
    multiple=True,
    metavar="VERSION",
    help="With --against: also register with this MLflow client on both sides (may be repeated).",
)
@click.option(
    "--comment",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --against: also write the result to FILE, as Markdown for a pull request.",
)
@click.option(
    "--register",
    type=Whole(1),
    metavar="RELEASE",
    help="Test only the requirements of this register release (default: all).",
)
@click.option(
    "--attestation-key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Sign the attestation of the run with this private key, in PEM.",
)
@REPORT_DIR
@click.argument("pytest_options", nargs=-1, metavar="[-- PYTEST OPTIONS]")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    url: str,
    env: str,
    env_file: Path | None,
    stack: str | None,
    faults: tuple[str, ...],
    read_only: bool,
    selection: str,
    workers: int,
    against: str | None,
    clients: tuple[str, ...],
    comment: Path | None,
    register: int | None,
    attestation_key: Path | None,
    report_dir: Path,
    pytest_options: tuple[str, ...],
    **axes: str,
) -> int:
    """Run every check that applies to a deployment, and write the reports.

    With --url the credential comes from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME and
    MLFLOW_TRACKING_PASSWORD or the file ~/.mlflow/credentials; an environment file can describe more. With --stack a
    local stack is started and judged.

    With --against two versions are judged, first BASE, then the one that the other options name. The result says which
    promises and which clients the change breaks or fixes. What fails on both sides does not count.

    \b
    Examples:
      registry-conformance verify --url https://registry.example/api/mlflow
      registry-conformance verify --url https://registry.example/api/mlflow --read-only
      registry-conformance verify --env-file staging.toml -n 2 -k artifacts
      registry-conformance verify --stack embedded --fault bucket-missing -- --maxfail=5
      registry-conformance verify --stack embedded --proxy nginx:conf/registry.conf --against main
      registry-conformance verify --stack docker --proxy-image proxy:new --against proxy:old --comment comment.md

    Exit codes: 0 all checks that ran passed, 1 a check failed, 2 interrupted, 4 bad option or environment, 5 nothing
    was verified, 6 could not verify, 7 test data was left behind. With --against: 0 the change breaks nothing,
    1 it breaks a promise or a client, 2, 4, 5 as above, 6 undecided.
    """
    exactly_one(ctx, "url", "env", "env_file", "stack")
    if read_only and stack:
        raise refuse("--read-only: is for third-party deployments; leave it out with --stack")
    if faults and not stack:
        raise refuse(f"--fault={faults[0]}: faults need a local stack: add --stack")
    if (clients or comment) and not against:
        raise refuse(f"{'--also-client' if clients else '--comment'}: is about a change; add --against")
    target = {"url": url, "env": env, "env-file": str(env_file.resolve()) if env_file else "", "stack": stack or ""}
    options = {name: value for name, value in {**target, **given(axes, stack)}.items() if value}
    more = [f"--fault={fault}" for fault in faults]
    more += ["--read-only"] if read_only else []
    more += [f"-k={selection.removeprefix('=')}"] if selection else []  # -k=EXPRESSION, as pytest takes it
    more += ["-n", str(workers)] if workers else []
    more += [f"--register={register}"] if register else []
    more += [f"--attestation-key={attestation_key}"] if attestation_key else []
    more += pytest_options
    if against:
        return _of_change(against, options, more, clients, comment, report_dir)
    return _of_one(options, more, report_dir)


def _of_one(options: Mapping[str, str], more: Sequence[str], report_dir: Path) -> int:
    """Judge a deployment and return the run's exit code."""
    import pytest

    from registry_conformance.judge.locations import SUITES
    from registry_conformance.run.session.arguments import in_suites

    named = [f"--{name}={value}" for name, value in options.items()]
    suite = SUITES / ("local" if "stack" in options else "live")
    return int(pytest.main([str(suite), *in_suites(cached=True), f"--report-dir={report_dir}", *named, *more]))


def _of_change(
    name: str,
    options: Mapping[str, str],
    more: Sequence[str],
    clients: Sequence[str],
    comment: Path | None,
    report_dir: Path,
) -> int:
    """Judge a change and return the exit code of the gate."""
    from registry_conformance.judge.report.write import ReportFolderError, check_writable
    from registry_conformance.run.base import BaseError, base
    from registry_conformance.run.before_after import BEFORE, Change, NotJudgedError, judge, tell_undecided
    from registry_conformance.run.option_values import SettingsError, client_named

    if own := [each for each in more if each.partition("=")[0] in _OURS]:
        raise refuse(f"{own[0].partition('=')[0]}: each side of a change has its own; leave it out after --")
    try:
        for client in clients:
            client_named(client)
    except SettingsError as problem:
        raise refuse(str(problem).replace("--client=", "--also-client=", 1)) from problem
    if comment and (comment.is_dir() or not os.access(comment.resolve().parent, os.W_OK | os.X_OK)):
        raise refuse(f"--comment={comment}: no file can be written there; name one in a folder that is there")
    try:
        check_writable(report_dir)
        before = base(name, options, report_dir, report_dir / BEFORE / "files")
        if clients and before.run is not None:
            raise refuse(f"--also-client: {before.words} is over and can be asked with no further client; leave it out")
        effect = judge(Change(before, options, more, clients, report_dir), click.echo, comment)
    except BaseError as problem:
        raise refuse(f"--against={name}: {problem}") from problem
    except ReportFolderError as problem:
        raise refuse(problem) from problem
    except NotJudgedError as problem:
        said = f"It cannot be said what this change does: {problem}"
        if comment:
            tell_undecided(said, comment)
        raise EndedError(said, problem.code if problem.code in _PASSED_ON else COULD_NOT) from problem
    click.echo(f"\n{effect.sentence}")
    return effect.exit_code
