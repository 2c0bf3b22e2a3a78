"""``versions``: other MLflow versions that are installed on this machine."""

from __future__ import annotations

import click

from registry_conformance.cli.problems import could_not, refuse


@click.command()
@click.argument("versions", nargs=-1, metavar="[VERSION...]")
@click.option("--clear", is_flag=True, help="Remove all of them.")
def command(versions: tuple[str, ...], clear: bool) -> int:
    """Install other MLflow versions, each in its own virtual environment; list or remove them.

    A run installs what it needs by itself (--mlflow=VERSION, --client=VERSION); use this to prepare a machine.

    \b
    Examples:
      registry-conformance versions
      registry-conformance versions 2.22.5 3.9.0
      registry-conformance versions --clear

    Exit codes: 0 done, 4 bad option or no such version, 6 an installation failed.
    """
    from registry_conformance.lab.external import mlflow_environment as kept

    if clear and versions:
        raise refuse(f"--clear removes all: leave {versions[0]} out")
    if clear:
        freed = kept.size()
        click.echo(f"removed {kept.clear()} environments, {freed >> 20} MiB")
        return 0
    try:
        environments = [kept.MlflowEnvironment.named(version) for version in versions]
    except kept.MlflowEnvironmentError as problem:
        raise refuse(problem) from problem
    try:
        for environment in environments:
            environment.make(click.echo)
    except kept.MlflowEnvironmentError as problem:
        raise could_not(problem) from problem
    for name, note in kept.made().items():
        click.echo(f"{name}  {note}".rstrip())
    click.echo(f"{len(kept.made())} environments, {kept.size() >> 20} MiB, in {kept.place()}")
    return 0
