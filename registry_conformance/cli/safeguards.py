"""``safeguards``: mutate what stands between a run and things that are not its own."""

from __future__ import annotations

import os
from functools import partial

import click

from registry_conformance.cli.problems import COULD_NOT, EndedError, refuse


@click.command()
@click.option("--only", default="", metavar="TEXT", help="Only modules that have this in their names.")
@click.option("--every", type=click.IntRange(1), default=1, metavar="N", help="Only each Nth mutant.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, metavar="N", help="How many at once.")
def command(only: str, every: int, workers: int) -> int:
    """Mutate each condition on the way to a deletion, and see that a test dies of every mutant (needs a checkout).

    \b
    Examples:
      registry-conformance safeguards
      registry-conformance safeguards --only extent

    Exit codes: 0 no mutant survived, 1 one did, 2 interrupted, 4 bad option, 6 the tests fail without any.
    """
    from registry_conformance.judge.locations import CHECKOUT
    from registry_conformance.proof.safeguards.program import MODULES, SafeguardTestsError, prove

    if CHECKOUT is None:
        raise refuse("the tests that are to die are in a checkout only")
    if not any(only in name for name in MODULES):
        raise refuse(f"--only={only}: in no name of {', '.join(MODULES)}")
    try:
        return prove(only, every, workers, partial(print, flush=True))
    except SafeguardTestsError as problem:
        raise EndedError(problem, COULD_NOT) from problem
