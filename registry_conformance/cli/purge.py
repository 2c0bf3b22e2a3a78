"""``purge``: remove for good what runs have deleted."""

from __future__ import annotations

import click

from registry_conformance.cli.problems import refuse

URI = "REGISTRY_BACKEND_STORE_URI"


@click.command()
@click.argument("experiments", metavar="ID[,ID...]")
def command(experiments: str) -> int:
    """Remove deleted experiments of runs from MLflow's database for good: them, their runs, their logged models.

    The database's URI is taken from REGISTRY_BACKEND_STORE_URI. Experiments that are active, or whose name is not that
    of a run of this suite, are refused, and nothing is removed then.

    \b
    Example:
      REGISTRY_BACKEND_STORE_URI=postgresql://USER:PASSWORD@HOST/DB registry-conformance purge 12,13

    Exit codes: 0 they are gone, 1 something was refused, 4 bad option.
    """
    from registry_conformance.judge.clients.backend_store import PurgeError, purge
    from registry_conformance.judge.live.janitor import RUN
    from registry_conformance.judge.machine import isolate, variable
    from registry_conformance.judge.report.redact import Redactor

    ids = [each.strip() for each in experiments.split(",") if each.strip()]
    if not ids or not all(each.isdigit() for each in ids):
        raise refuse(f"{experiments}: name experiments by their ids, as 12,13")
    uri = variable(URI) or ""
    if "://" not in uri:
        raise refuse(f"put the URI of MLflow's database into {URI}, as postgresql://USER:PASSWORD@HOST/DB")
    isolate()
    try:
        for name in purge(uri, ids, RUN):
            click.echo(f"gone for good: {name}")
    except PurgeError as problem:
        click.echo(Redactor([uri]).text(f"purge: nothing is removed: {problem}"), err=True)
        return 1
    return 0
