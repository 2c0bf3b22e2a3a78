"""``prove``: what the checks and the diagnosis say of deployments that are broken on purpose."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import REPORT_DIR, STACK, STORE

JOBS = (os.cpu_count() or 1) + 1
"""One stack more than cores: a deployment that hangs costs time, and no work."""


@click.command()
@click.option("--only", multiple=True, type=FAULT, help="This fault (may be repeated).")
@click.option("--rounds", type=click.IntRange(0), metavar="N", help="On the reference (default: 5; none with --only).")
@click.option("--jobs", type=click.IntRange(1), default=JOBS, show_default=True, metavar="N", help="Stacks at once.")
@STACK
@STORE
@REPORT_DIR
@click.option("--thorough", is_flag=True, help="Run a case of every check under every fault: takes hours.")
def command(**asked: Any) -> int:
    """Break a deployment in every known way and see what the checks and the diagnosis say.

    Writes latest/faults.json and latest/faults.html into the report folder.

    \b
    Examples:
      registry-conformance prove --only bucket-missing --only body-limit
      registry-conformance prove --jobs 3

    Exit codes: 0 the suite stands, 1 it does not (each shortcoming is printed), 2 interrupted, 4 bad option,
    6 could not verify.
    """
    from registry_conformance.proof.faults.program import ProofRequest, prove

    return prove(ProofRequest(**asked), partial(print, flush=True))
