"""``verify``: every check that can be asked of a deployment."""

from __future__ import annotations

from pathlib import Path

import click

from registry_conformance.cli.axes import given, with_axes
from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, STACK_TO_START, URL, exactly_one
from registry_conformance.cli.problems import refuse


@click.command()
@URL
@ENV
@ENV_FILE
@STACK_TO_START
@with_axes
@click.option("--fault", "faults", multiple=True, type=FAULT, help="Break that stack on purpose (may be repeated).")
@click.option("--read-only", is_flag=True, help="Ask only what changes nothing; registration is not tried.")
@click.option(
    "-k", "selection", default="", metavar="EXPRESSION", help="Only checks whose names match, as pytest has it."
)
@click.option(
    "-n", "workers", type=click.IntRange(0), default=0, metavar="N", help="Processes that run checks at once."
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
    report_dir: Path,
    pytest_options: tuple[str, ...],
    **axes: str,
) -> int:
    """Judge a deployment by every check that can be asked of it, and write the reports.

    With --url the credential is taken from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME and
    MLFLOW_TRACKING_PASSWORD; what else there is to know of a deployment stands in
    the file of an environment. With --stack a deployment of our own is started and judged.

    \b
    Examples:
      registry-conformance verify --url https://registry.example/api/mlflow
      registry-conformance verify --url https://registry.example/api/mlflow --read-only
      registry-conformance verify --env-file staging.toml -n 2 -k artifacts
      registry-conformance verify --stack embedded --fault bucket-missing -- --maxfail=5

    Exit codes: 0 all that ran passed, 1 a check failed, 2 interrupted, 4 bad option or environment, 5 nothing was
    verified, 6 could not verify, 7 something was left behind.
    """
    import pytest

    from registry_conformance.judge.locations import SUITES
    from registry_conformance.run.session.arguments import in_suites

    exactly_one(ctx, "url", "env", "env_file", "stack")
    if read_only and stack:
        raise refuse("--read-only: is for the deployments of others; leave it out with --stack")
    if faults and not stack:
        raise refuse(f"--fault={faults[0]}: only a stack of our own is broken on purpose: add --stack")
    target = {"url": url, "env": env, "env-file": env_file.resolve() if env_file else "", "stack": stack}
    arguments = [f"--{name}={value}" for name, value in {**target, **given(axes, stack)}.items() if value]
    arguments += [f"--fault={fault}" for fault in faults]
    arguments += ["--read-only"] if read_only else []
    arguments += [f"-k={selection}"] if selection else []
    arguments += ["-n", str(workers)] if workers else []
    suite = SUITES / ("local" if stack else "live")
    return int(
        pytest.main([str(suite), *in_suites(cached=True), f"--report-dir={report_dir}", *arguments, *pytest_options])
    )
