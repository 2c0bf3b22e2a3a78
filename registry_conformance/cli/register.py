"""``register``: one real registration of a real model."""

from __future__ import annotations

from pathlib import Path

import click

from registry_conformance.cli.axes import given, with_axes
from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, STACK_TO_START, URL, exactly_one


@click.command()
@URL
@ENV
@ENV_FILE
@STACK_TO_START
@with_axes
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; the steps go to stderr.")
@REPORT_DIR
@click.pass_context
def command(
    ctx: click.Context,
    /,
    url: str,
    env: str,
    env_file: Path | None,
    stack: str | None,
    as_json: bool,
    report_dir: Path,
    **axes: str,
) -> int:
    """Register one real model, step by step, as a third-party developer does, and remove it again.

    With --url the credential comes from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME and
    MLFLOW_TRACKING_PASSWORD or the file ~/.mlflow/credentials. With --stack a local stack is started first, from the
    parts that the options name.

    \b
    Examples:
      registry-conformance register --url https://registry.example/api/mlflow
      registry-conformance register --url https://registry.example/api/mlflow --client 2.22.5
      registry-conformance register --stack embedded --mlflow 3.9.0 --client 2.22.5 --backend-store postgresql
      registry-conformance register --env-file staging.toml --json

    Exit codes: 0 a model can be registered, 1 it cannot, 2 interrupted, 4 bad option or environment, 6 the target does
    not answer, 7 test data was left behind.
    """
    from registry_conformance.run.session.program import register

    exactly_one(ctx, "url", "env", "env_file", "stack")
    target = {"url": url, "env": env, "env-file": env_file.resolve() if env_file else "", "stack": stack or ""}
    return register({**target, **given(axes, stack)}, report_dir=report_dir, as_json=as_json)
