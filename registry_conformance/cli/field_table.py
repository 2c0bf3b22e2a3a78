"""``field-table``: all checks on third-party deployments, healthy and broken."""

from __future__ import annotations

from functools import partial

import click

from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.locations import CHECKOUT


@click.command()
@click.option("--only", multiple=True, metavar="CELL", help="KIND, KIND/WAY or KIND/healthy (may be repeated).")
@click.option("--sample", is_flag=True, help="Only the few that CI measures before each change.")
@click.option("--missing", is_flag=True, help="Only cells that docs/field.json has no correct result for.")
@click.option(
    "--write-docs", is_flag=True, help="Also write each result to docs/field.json and .md (needs a checkout)."
)
@click.option("--list", "listed", is_flag=True, help="Only list the cells.")
def command(only: tuple[str, ...], sample: bool, missing: bool, write_docs: bool, listed: bool) -> int:
    """Run every check on healthy third-party deployments; then break each in ways typical of it and run the checks that
    must fail. A cell takes half a minute, a healthy one some minutes.

    \b
    Examples:
      registry-conformance field-table --sample
      registry-conformance field-table --only nginx --only caddy/slow-answers
      registry-conformance field-table --missing --write-docs

    Exit codes: 0 every cell is right: no failure if healthy, the expected failures if broken; 1 a cell is wrong;
    4 bad option; 6 the checks cannot be collected.
    """
    from registry_conformance.documents.check_listing import ListingError
    from registry_conformance.judge.machine import isolate
    from registry_conformance.judge.suggestion import unknown
    from registry_conformance.proof.field.kinds import CELLS, KINDS, SAMPLE, chosen
    from registry_conformance.proof.field.table import known, measure, table_of, unmeasured

    if listed:
        click.echo("\n".join(CELLS))
        return 0
    if (write_docs or missing) and CHECKOUT is None:
        raise refuse("--write-docs and --missing are about docs/field.json, and there is no checkout here")
    try:
        cells = chosen(only or (SAMPLE if sample else tuple(KINDS)))
    except KeyError as problem:
        listing = "registry-conformance field-table --list"
        raise refuse(f"--only={problem.args[0]}: {unknown(problem.args[0], CELLS, listing=listing)}") from problem
    document = CHECKOUT / "docs" / "field.json" if CHECKOUT else None
    if missing and document is not None:
        lacking = unmeasured(table_of(known(document)))
        cells = [cell for cell in cells if cell in lacking]
    isolate()
    try:
        wrong = measure(cells, partial(print, flush=True), document if write_docs else None)
    except ListingError as problem:
        raise could_not(problem) from problem
    return 1 if wrong else 0
