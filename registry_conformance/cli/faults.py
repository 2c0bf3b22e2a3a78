"""``faults``: list and describe faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from registry_conformance.cli.parameters import Known

if TYPE_CHECKING:
    from registry_conformance.lab.faults.accounts.fault import AccountFault
    from registry_conformance.lab.faults.fault import Fault

LISTING = "registry-conformance faults list"


def catalogue() -> Mapping[str, Fault | AccountFault]:
    """Return every fault by its name, account faults included."""
    from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
    from registry_conformance.lab.faults.catalogue import CATALOGUE

    return {**CATALOGUE, **ACCOUNT_CATALOGUE}


def deployment_faults() -> Iterable[str]:
    """Return the names of the faults that a local stack can have."""
    from registry_conformance.lab.faults.catalogue import CATALOGUE

    return CATALOGUE


def layers() -> Iterable[str]:
    """Return the layers that faults belong to."""
    from registry_conformance.lab.faults.story import ALL_LAYERS

    return ALL_LAYERS


FAULT = Known(deployment_faults, LISTING)
"""The name of a fault of a deployment."""


@click.group()
def command() -> None:
    """List and describe the faults that can be injected.

    \b
    Examples:
      registry-conformance faults list --layer proxy
      registry-conformance faults show bucket-missing
    """


@command.command("list")
@click.option("--layer", type=Known(layers, LISTING, "LAYER"), help="Only faults of this layer.")
def list_(layer: str | None) -> None:
    """List all faults, by layer."""
    from registry_conformance.lab.faults.story import listing

    chosen = [fault for fault in catalogue().values() if layer in (None, fault.layer)]
    click.echo("\n".join(listing(chosen)).strip())


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", type=Known(catalogue, LISTING))
def show(names: tuple[str, ...]) -> None:
    """Describe faults: what a client sees, the cause, the fix."""
    from registry_conformance.lab.faults.story import story

    known = catalogue()
    click.echo("\n\n".join("\n".join(story(known[name])) for name in names))
