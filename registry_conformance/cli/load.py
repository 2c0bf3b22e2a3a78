"""``load``: many clients at once, and every acknowledged write verified."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, URL, OneOf, exactly_one
from registry_conformance.cli.problems import refuse
from registry_conformance.judge.load.plan import BUDGETS, SHAPES, LoadPlan, LoadPlanError
from registry_conformance.judge.suggestion import unknown

_OURS = ("fault", "kill", "store", "backend_store")
"""Options that need a local stack."""


@click.command()
@URL
@ENV
@ENV_FILE
@click.option("--stack", type=OneOf(("auto", "embedded", "docker")), help="Start a local stack of this kind.")
@click.option("--store", default="", metavar="auto|minio|moto|versitygw|URL", help="The stack's S3 store.")
@click.option("--backend-store", default="", metavar="sqlite|postgresql", help="The stack's database.")
@click.option("--fault", multiple=True, type=FAULT, help="Inject this fault into the stack (may be repeated).")
@click.option("--kill", default="", metavar="PART", help="Kill this part of the stack midway, and restart it.")
@click.option("--shape", type=OneOf(tuple(SHAPES)), default="steady", show_default=True, help="The load profile.")
@click.option("--users", default="8", show_default=True, metavar="N", help="The largest number of users.")
@click.option("--seconds", default="", metavar="S", help="Duration of the load (default: 30).")
@click.option(
    "--registrations", default="", metavar="N", help="End the load when N registrations are acknowledged instead."
)
@click.option("--sizes", default="", metavar="SIZE=WEIGHT,...", help="Model sizes (default: 4KiB=90,8MiB=9,100MiB=1).")
@click.option("--sdk", default="0", metavar="SHARE", help="The share of users that use the MLflow SDK, 0 to 1.")
@click.option("--workers", default="0", metavar="N", help="Worker processes, besides one that coordinates them.")
@click.option("--page", default="0", metavar="PORT", help="Serve Locust's web page on this port.")
@click.option(
    "--budget", multiple=True, metavar="NAME=NUMBER", help=f"A limit to judge: {', '.join(BUDGETS)} (may be repeated)."
)
@REPORT_DIR
@click.pass_context
def command(
    ctx: click.Context, /, url: str, env: str, env_file: Path | None, stack: str | None, report_dir: Path, **asked: str
) -> int:
    """Run many clients at once, look up every acknowledged write afterwards, and run the LOA checks.

    Users register models with real bytes, download, search, and move aliases. An environment is put under load only if
    its file has a [load] table; its limits on requests, megabytes, objects and rate are kept.

    \b
    Examples:
      registry-conformance load --stack embedded --shape ramp --users 16 --seconds 40
      registry-conformance load --stack embedded --kill mlflow --budget recovery=20
      registry-conformance load --stack embedded --registrations 10000 --sizes 4KiB=1
      registry-conformance load --env-file staging.toml --users 4 --seconds 60

    Exit codes: 0 all checks that ran passed, 1 a check failed, 2 interrupted, 4 bad option or environment, or no
    [load] table, 5 nothing was verified, 6 could not verify, 7 test data was left behind.
    """
    import pytest

    from registry_conformance.judge.locations import SUITES
    from registry_conformance.run.session.arguments import in_suites

    if find_spec("locust") is None:  # it is not imported here: it would replace this process's sockets
        raise ModuleNotFoundError("No module named 'locust'", name="locust")
    exactly_one(ctx, "url", "env", "env_file", "stack")
    given = [name for name in _OURS if asked[name]]
    if given and not stack:
        raise refuse(f"--{given[0].replace('_', '-')}: needs a local stack: add --stack")
    for budget in asked["budget"]:
        _refuse_no_budget(budget)
    try:
        plan = LoadPlan.parse(_line(asked))
    except LoadPlanError as problem:
        raise refuse(f"--{problem}") from problem
    named = {"url": url, "env": env, "env-file": env_file.resolve() if env_file else "", "stack": stack}
    named |= {"store": asked["store"], "backend-store": asked["backend_store"], "report-dir": report_dir}
    arguments = [f"--{name}={value}" for name, value in named.items() if value]
    arguments += [f"--fault={fault}" for fault in asked["fault"]]
    return int(
        pytest.main([str(SUITES / "load"), *in_suites(cached=True), "-p", "no:xdist", *arguments, f"--load={plan}"])
    )


def _refuse_no_budget(text: str) -> None:
    """Refuse the value of ``--budget`` unless it is a limit; the plan's other words are options of their own."""
    name, given, _ = text.partition("=")
    if name not in BUDGETS:
        raise refuse(f"--budget={text}: {unknown(name, BUDGETS)}; write NAME=NUMBER")
    if not given:
        raise refuse(f"--budget={text}: a value is missing; write NAME=NUMBER")
    try:
        LoadPlan.parse(text)
    except LoadPlanError as problem:
        raise refuse(f"--budget={problem}") from problem


def _line(asked: dict[str, str]) -> str:
    """Return the load plan of these options as one line."""
    names = ("shape", "users", "seconds", "registrations", "sizes", "sdk", "workers", "page", "kill")
    words = [f"{name}={asked[name]}" for name in names if asked[name]]
    return " ".join([*words, *asked["budget"]])
