"""``safeguards``: mutate the code that keeps a run from deleting what it did not create."""

from __future__ import annotations

import os
from functools import partial

import click

from registry_conformance.cli.parameters import Whole
from registry_conformance.cli.problems import COULD_NOT, EndedError, refuse


@click.command()
@click.option("--only", default="", metavar="TEXT", help="Only modules whose names contain this.")
@click.option("--every", type=Whole(1), default=1, metavar="N", help="Only each Nth mutant.")
@click.option(
    "--workers",
    type=Whole(1),
    default=os.cpu_count() or 1,
    metavar="N",
    help="The number of mutants to test in parallel.",
)
def command(only: str, every: int, workers: int) -> int:
    """Mutate each condition that guards a deletion, and verify that a test fails for every mutant (needs a checkout).

    \b
    Examples:
      registry-conformance safeguards
      registry-conformance safeguards --only extent

    Exit codes: 0 no mutant survived, 1 one did, 2 interrupted, 4 bad option, 6 the tests fail without a mutant.
    """
    from registry_conformance.judge.locations import CHECKOUT
    from registry_conformance.proof.safeguards.program import MODULES, SafeguardTestsError, prove

    if CHECKOUT is None:
        raise refuse("the tests exist only in a checkout of the project: run it there")
    if not any(only in name for name in MODULES):
        raise refuse(f"--only={only}: in no name of {', '.join(MODULES)}")
    try:
        return prove(only, every, workers, partial(print, flush=True))
    except SafeguardTestsError as problem:
        raise EndedError(problem, COULD_NOT) from problem
