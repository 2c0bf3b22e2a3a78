"""``prove``: what the checks and the diagnosis say of deployments that are broken on purpose."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
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
@click.option("--sample", type=click.IntRange(1), metavar="N", help="So many faults, drawn by the seed.")
@click.option("--seed", type=int, metavar="S", help="What a sample is drawn with (default: drawn now, and told).")
@click.option("--busy", is_flag=True, help="Keep every core busy meanwhile.")
@click.option("--slow", is_flag=True, help="Let each request to the proxy wait for 100 ms.")
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Start nothing: try the diagnosis on the facts that a proof kept in FOLDER.",
)
@click.option("--keep", is_flag=True, help="With --replay: compare with these facts from now on.")
@click.option("--thorough", is_flag=True, help="Run a case of every check under every fault: takes hours.")
def command(replay: Path | None, keep: bool, **asked: Any) -> int:
    """Break a deployment in every known way and see what the checks and the diagnosis say.

    Writes faults.json, faults.html, diagnosis.json and facts/ into the report folder, under latest/.

    \b
    Examples:
      registry-conformance prove --only bucket-missing --only body-limit
      registry-conformance prove --sample 20 --busy
      registry-conformance prove --replay reports/latest/facts

    Exit codes: 0 the suite stands, 1 it does not (each shortcoming is printed), 2 interrupted, 4 bad option,
    6 could not verify.
    """
    from registry_conformance.proof.faults.program import ProofRequest, prove
    from registry_conformance.proof.faults.replay_program import replayed

    if replay is not None:
        return replayed(replay, keep=keep, say=print)
    if asked["seed"] is not None and asked["sample"] is None:
        raise click.UsageError("--seed needs --sample N: a whole proof draws nothing")
    if keep:
        raise click.UsageError("--keep needs --replay FOLDER: it keeps what lies there")
    return prove(ProofRequest(**asked), partial(print, flush=True))
