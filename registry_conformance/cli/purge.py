"""``purge``: remove for good what runs have deleted."""

from __future__ import annotations

import re

import click

from registry_conformance.cli.problems import could_not, refuse

_ID = re.compile(r"[0-9]{1,18}")
"""What MLflow's database can have as the id of an experiment."""
URI = "REGISTRY_BACKEND_STORE_URI"


def _secrets_in(uri: str) -> list[str]:
    """Return what is secret in the URI of a database: its password, in both forms; its path is none."""
    from urllib.parse import unquote

    from registry_conformance.judge.report.redact import SHORTEST

    user, _, host = uri.partition("://")[2].rpartition("@")
    password = user.partition(":")[2] if host else ""
    return [each for each in dict.fromkeys((password, unquote(password))) if len(each) >= SHORTEST]


@click.command()
@click.argument("experiments", metavar="ID[,ID...]")
def command(experiments: str) -> int:
    """Permanently remove a run's deleted experiments from MLflow's database, with their runs and logged models.

    The database URI comes from REGISTRY_BACKEND_STORE_URI. If an experiment is active, or was not created by a run of
    this suite, it is rejected and nothing is removed.

    \b
    Example:
      REGISTRY_BACKEND_STORE_URI=postgresql://USER:PASSWORD@HOST/DB registry-conformance purge 12,13

    Exit codes: 0 removed, 1 an experiment was rejected, 4 bad option, 6 the database fails.
    """
    from registry_conformance.judge.clients.backend_store import PurgeError, StoreFailedError, purge
    from registry_conformance.judge.live.janitor import RUN
    from registry_conformance.judge.machine import isolate, variable
    from registry_conformance.judge.report.redact import Redactor

    ids = [each.strip() for each in experiments.split(",") if each.strip()]
    if not ids or not all(_ID.fullmatch(each) for each in ids):
        raise refuse(f"{experiments}: name experiments by their ids, as 12,13")
    uri = variable(URI) or ""
    if "://" not in uri:
        raise refuse(f"put the URI of MLflow's database into {URI}, as postgresql://USER:PASSWORD@HOST/DB")
    isolate()
    redactor = Redactor(_secrets_in(uri))
    try:
        for name in purge(uri, ids, RUN):
            click.echo(f"gone for good: {name}")
    except PurgeError as problem:
        click.echo(redactor.text(f"purge: nothing is removed: {problem}"), err=True)
        return 1
    except StoreFailedError as problem:
        raise could_not(redactor.text(f"nothing is removed: {problem}")) from problem
    return 0
