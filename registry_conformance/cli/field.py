"""``field``: what doctor and register report on common third-party deployments."""

from __future__ import annotations

from pathlib import Path

import click

from registry_conformance.cli.problems import refuse


@click.command()
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
def command(only: tuple[str, ...], sample: bool, keep: Path | None, whole: bool, selection: str, listed: bool) -> int:
    """Start common third-party deployments, healthy and broken, and test what doctor and register report on each.

    \b
    Examples:
      registry-conformance field --sample
      registry-conformance field --only nginx-password --keep seen

    Exit codes: 0 every report is right, 1 one is wrong, 4 bad option.
    """
    from registry_conformance.judge.suggestion import unknown
    from registry_conformance.proof.field.program import Staging, play
    from registry_conformance.proof.field.scenarios import SAMPLE, SCENARIOS

    if listed:
        click.echo("\n".join(SCENARIOS))
        return 0
    if strange := [name for name in only if name not in SCENARIOS]:
        listing = "registry-conformance field --list"
        raise refuse(f"--only={strange[0]}: {unknown(strange[0], SCENARIOS, listing=listing)}")
    if selection and not whole:
        raise refuse("-k selects from the checks of a whole visit: add --whole")
    names = only or (SAMPLE if sample else tuple(SCENARIOS))
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    return 1 if play([SCENARIOS[name] for name in names], click.echo, Staging(keep, whole, selection)) else 0
