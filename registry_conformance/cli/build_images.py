"""``build-images``: the images of the reference deployment."""

from __future__ import annotations

from collections.abc import Iterable

import click

from registry_conformance.cli.parameters import Known
from registry_conformance.cli.problems import could_not


def recipes() -> Iterable[str]:
    """Return the names of the images."""
    from registry_conformance.lab.images.recipe import RECIPES

    return RECIPES


@click.command()
@click.argument(
    "images", nargs=-1, metavar="[IMAGE]...", type=Known(recipes, "registry-conformance build-images --list")
)
@click.option(
    "--offline-bases",
    is_flag=True,
    help="Build the base images with mmdebstrap, for machines without access to an image registry.",
)
@click.option("--again", is_flag=True, help="Rebuild images that are up to date.")
@click.option("--list", "list_", is_flag=True, help="Only print the full name of each image.")
def command(images: tuple[str, ...], offline_bases: bool, again: bool, list_: bool) -> int:
    """Build the images of the reference deployment that are missing or older than their source (default: all).

    \b
    Examples:
      registry-conformance build-images
      registry-conformance build-images --offline-bases proxy mlflow

    Exit codes: 0 built, 4 bad option, 6 no container engine, or a build failed (the message says what to run).
    """
    from registry_conformance.lab.images.build import Builder, BuildError
    from registry_conformance.lab.images.engine import EngineError
    from registry_conformance.lab.images.recipe import RECIPES

    chosen = [RECIPES[name] for name in images or RECIPES]
    if list_:
        click.echo("\n".join(recipe.tag for recipe in chosen))
        return 0
    try:
        built = Builder(click.echo, offline=offline_bases).build(chosen, again=again)
    except (BuildError, EngineError) as problem:
        raise could_not(problem) from problem
    click.echo(f"{len(chosen)} images are there, {built} of them built now")
    return 0
