"""``build-minio``: the S3 store of stacks without containers."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from registry_conformance.cli.parameters import FOLDER
from registry_conformance.cli.problems import could_not


@click.command()
@click.option("--to", type=FOLDER, metavar="DIR", help="Installation folder (default: ~/.local/bin).")
def command(to: Path | None) -> int:
    """Build the MinIO server for the embedded stack from its Go module, in the version of the store image.

    The first build takes some minutes.

    \b
    Example:
      registry-conformance build-minio --to ~/bin

    Exit codes: 0 built, 4 bad option, 6 the build failed.
    """
    from registry_conformance.lab.images.build import BuildError
    from registry_conformance.lab.images.minio import install, version

    click.echo(f"building MinIO {version()} ...")
    try:
        built = install(to or Path.home() / ".local" / "bin")
    except (BuildError, OSError, RuntimeError) as problem:
        raise could_not(problem) from problem
    click.echo(f"built {built}")
    if shutil.which("minio") is None:
        click.echo(f'put it on PATH: export PATH="{built.parent}:$PATH"')
    return 0
