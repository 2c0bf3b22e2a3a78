"""``field``: common third-party deployments, healthy and broken, and what is reported on them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.locations import CHECKOUT


@click.group()
def command() -> None:
    """Start common third-party deployments, healthy and broken, and test what is reported on each.

    \b
    Examples:
      registry-conformance field doctor --sample
      registry-conformance field checks --only nginx --write-docs
    """


@command.command()
@click.option("--only", multiple=True, metavar="NAME", help="Only this scenario (may be repeated).")
@click.option("--sample", is_flag=True, help="Only the few that CI runs before each change.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False, writable=True),
    metavar="FOLDER",
    help="Write the output of doctor and register to FOLDER as JSON, every fact included.",
)
@click.option("--whole", is_flag=True, help="Also run every check on the healthy ones; takes minutes each.")
@click.option("-k", "selection", default="", metavar="EXPRESSION", help="With --whole: only checks whose names match.")
@click.option("--list", "listed", is_flag=True, help="Only list the scenarios.")
def doctor(only: tuple[str, ...], sample: bool, keep: Path | None, whole: bool, selection: str, listed: bool) -> int:
    """Test what doctor and register report on each deployment.

    \b
    Examples:
      registry-conformance field doctor --sample
      registry-conformance field doctor --only nginx-password --keep seen

    Exit codes: 0 every report is right, 1 one is wrong, 4 bad option.
    """
    from registry_conformance.judge.suggestion import unknown
    from registry_conformance.proof.field.program import Staging, play
    from registry_conformance.proof.field.scenarios import SAMPLE, SCENARIOS

    if listed:
        click.echo("\n".join(SCENARIOS))
        return 0
    if strange := [name for name in only if name not in SCENARIOS]:
        listing = "registry-conformance field doctor --list"
        raise refuse(f"--only={strange[0]}: {unknown(strange[0], SCENARIOS, listing=listing)}")
    if selection and not whole:
        raise refuse("-k selects from the checks of a whole visit: add --whole")
    names = only or (SAMPLE if sample else tuple(SCENARIOS))
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    return 1 if play([SCENARIOS[name] for name in names], click.echo, Staging(keep, whole, selection)) else 0


@command.command()
@click.option("--only", multiple=True, metavar="CELL", help="KIND, KIND/WAY or KIND/healthy (may be repeated).")
@click.option("--sample", is_flag=True, help="Only the few that CI measures before each change.")
@click.option("--missing", is_flag=True, help="Only cells that docs/field.json has no correct result for.")
@click.option(
    "--write-docs", is_flag=True, help="Also write each result to docs/field.json and .md (needs a checkout)."
)
@click.option("--list", "listed", is_flag=True, help="Only list the cells.")
def checks(only: tuple[str, ...], sample: bool, missing: bool, write_docs: bool, listed: bool) -> int:
    """Run every check on healthy third-party deployments; then break each in ways typical of it and run the checks that
    must fail. A cell takes half a minute, a healthy one some minutes.

    \b
    Examples:
      registry-conformance field checks --sample
      registry-conformance field checks --only nginx --only caddy/slow-answers
      registry-conformance field checks --missing --write-docs

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
        listing = "registry-conformance field checks --list"
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
