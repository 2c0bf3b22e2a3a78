"""``load``: many clients at once, and the proof of what was acknowledged."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, URL, OneOf, exactly_one
from registry_conformance.cli.problems import refuse
from registry_conformance.judge.load.plan import BUDGETS, SHAPES, LoadPlan, LoadPlanError

_OURS = ("fault", "kill", "store", "backend_store")
"""Options that only a stack of our own has."""


@click.command()
@URL
@ENV
@ENV_FILE
@click.option(
    "--stack", type=OneOf(("auto", "embedded", "docker")), help="A stack of our own, which is started for this."
)
@click.option("--store", default="", metavar="auto|minio|moto|URL", help="That stack's S3 store.")
@click.option("--backend-store", default="", metavar="sqlite|postgresql", help="That stack's database.")
@click.option("--fault", multiple=True, type=FAULT, help="Break that stack on purpose (may be repeated).")
@click.option("--kill", default="", metavar="PART", help="Kill this part of it in the middle, and start it again.")
@click.option("--shape", type=OneOf(tuple(SHAPES)), default="steady", show_default=True, help="How users come and go.")
@click.option("--users", default="8", show_default=True, metavar="N", help="How many at most.")
@click.option("--seconds", default="30", show_default=True, metavar="S", help="How long.")
@click.option("--sizes", default="", metavar="SIZE=WEIGHT,...", help="Of models (default: 4KiB=90,8MiB=9,100MiB=1).")
@click.option("--sdk", default="0", metavar="SHARE", help="The share of users that are MLflow's own client, 0 to 1.")
@click.option("--workers", default="0", metavar="N", help="Processes that make the load, led by one more.")
@click.option("--page", default="0", metavar="PORT", help="Serve Locust's page at this port meanwhile.")
@click.option(
    "--budget", multiple=True, metavar="NAME=NUMBER", help=f"Declared: {', '.join(BUDGETS)} (may be repeated)."
)
@REPORT_DIR
@click.pass_context
def command(
    ctx: click.Context, /, url: str, env: str, env_file: Path | None, stack: str | None, report_dir: Path, **asked: str
) -> int:
    """Put many clients on a deployment at once, look up all that was acknowledged, and judge it by the LOA checks.

    Users register models with real bytes, download, search, and move aliases. An environment is loaded only if its file
    has a table [load], whose caps on requests, megabytes, objects and rate are kept.

    \b
    Examples:
      registry-conformance load --stack embedded --shape ramp --users 16 --seconds 40
      registry-conformance load --stack embedded --kill mlflow --budget recovery=20
      registry-conformance load --env-file staging.toml --users 4 --seconds 60

    Exit codes: 0 all that ran passed, 1 a check failed, 2 interrupted, 4 bad option or environment, or one without
    [load], 5 nothing was verified, 6 could not verify, 7 something was left behind.
    """
    import pytest

    from registry_conformance.judge.locations import SUITES
    from registry_conformance.run.session.arguments import in_suites

    if find_spec("locust") is None:  # it is not imported here: it would replace this process's sockets
        raise ModuleNotFoundError("No module named 'locust'", name="locust")
    exactly_one(ctx, "url", "env", "env_file", "stack")
    given = [name for name in _OURS if asked[name]]
    if given and not stack:
        raise refuse(f"--{given[0].replace('_', '-')}: is about a stack of our own: add --stack")
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


def _line(asked: dict[str, str]) -> str:
    """Return the plan that the options say, as one line."""
    names = ("shape", "users", "seconds", "sizes", "sdk", "workers", "page", "kill")
    words = [f"{name}={asked[name]}" for name in names if asked[name]]
    return " ".join([*words, *asked["budget"]])
