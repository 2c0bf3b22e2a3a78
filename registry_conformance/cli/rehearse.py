"""``rehearse``: judge a stack of our own as if it were somebody else's."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from registry_conformance.cli.parameters import STORE, OneOf, Whole
from registry_conformance.cli.problems import refuse


@click.command()
@click.option("--crashes", type=Whole(0), default=10, show_default=True, metavar="N", help="Crash at N points.")
@click.option("--seed", type=int, metavar="N", help="Random seed of the crash points.")
@STORE
@click.option("--only", type=OneOf(("scenes", "whole", "crashes")), help="Only this part.")
@click.option(
    "--sample", type=Whole(1), metavar="N", help="Only N scenarios, drawn with the seed, and no complete run."
)
@click.option("--scene", default="", metavar="TEXT", help="Only scenarios whose names contain this.")
def command(**asked: Any) -> int:
    """Run live runs against a local stack as if it were a third party's: healthy, broken, and with crashes that the
    janitor cleans up after.

    \b
    Example:
      registry-conformance rehearse --only crashes --crashes 3
      registry-conformance rehearse --sample 6 --crashes 2

    Exit codes: 0 everything as expected, 1 something was not, 2 interrupted, 4 bad option, 6 no stack started.
    """
    from registry_conformance.proof.rehearsal.program import RehearsalError, RehearsalRequest, rehearse

    try:
        return rehearse(RehearsalRequest(**asked), partial(print, flush=True))
    except RehearsalError as problem:
        raise refuse(problem) from problem
