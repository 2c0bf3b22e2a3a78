"""``prove``: score the checks and the diagnosis on injected faults."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import REPORT_DIR, STACK, STORE, Whole

JOBS = (os.cpu_count() or 1) + 1
"""One stack more than CPU cores: a stack that waits for a timeout uses no CPU."""


@click.command()
@click.option("--only", multiple=True, type=FAULT, help="This fault (may be repeated).")
@click.option(
    "--rounds",
    type=Whole(0),
    metavar="N",
    help="Runs on the healthy reference (default: 5; none with --only).",
)
@click.option(
    "--jobs",
    type=Whole(1),
    default=JOBS,
    show_default=True,
    metavar="N",
    help="The number of stacks to run in parallel.",
)
@STACK
@STORE
@REPORT_DIR
@click.option("--sample", type=Whole(1), metavar="N", help="Only N faults, drawn with the seed.")
@click.option("--seed", type=int, metavar="S", help="Random seed of the sample (default: random, and printed).")
@click.option("--busy", is_flag=True, help="Keep every CPU core busy at the same time.")
@click.option("--slow", is_flag=True, help="Delay each request to the proxy by 100 ms.")
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Start no stack; run the diagnosis on the facts that an earlier proof wrote to FOLDER.",
)
@click.option("--keep", is_flag=True, help="With --replay: use these facts as the baseline from now on.")
@click.option("--thorough", is_flag=True, help="Run every check under every fault; takes hours.")
def command(replay: Path | None, keep: bool, **asked: Any) -> int:
    """Inject every fault into a deployment, and score which ones the checks catch and the diagnosis names.

    Writes faults.json, faults.html, diagnosis.json and facts/ into the report folder, under latest/.

    \b
    Examples:
      registry-conformance prove --only bucket-missing --only body-limit
      registry-conformance prove --sample 20 --busy
      registry-conformance prove --replay reports/latest/facts

    Exit codes: 0 every fault is caught and named, 1 one is not (each is printed), 2 interrupted, 4 bad option,
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
