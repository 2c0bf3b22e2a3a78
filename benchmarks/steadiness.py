"""``scripts/steadiness``: false alarms of the suite, run after run."""

from __future__ import annotations

import signal
import sys
from functools import partial
from typing import NoReturn

import click

from benchmarks.judged import judge
from benchmarks.steady import steady
from registry_conformance.cli.parameters import STACK, STORE
from registry_conformance.cli.problems import carry_out, refuse
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import isolate
from registry_conformance.judge.temporary import temporary_folder

LIMIT = 900.0
"""Seconds that a run may take: with every core busy it is several times slower."""


@click.command()
@click.option("--runs", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="How many runs.")
@click.option(
    "--busy", type=click.IntRange(0), default=2, show_default=True, metavar="M", help="Of them on busy cores."
)
@STACK
@STORE
@click.argument("checks", nargs=-1)
def command(runs: int, busy: int, stack: str, store: str, checks: tuple[str, ...]) -> int:
    """Judge the reference deployment run after run, some of them with every core busy elsewhere; count false alarms.

    CHECKS are what to run, as pytest takes them (default: suites/local).

    \b
    Example:
      scripts/steadiness --runs 3 --busy 1 suites/contract/artifacts

    Exit codes: 0 every run green, 1 a run was not, 2 interrupted, 4 bad option.
    """
    if busy > runs:
        raise refuse(f"--busy={busy}: of {runs} runs, so many at most")
    isolate()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with temporary_folder("steadiness-") as folder:
        arguments = [*(checks or ("suites/local",)), "-n", "2", f"--store={store}", f"--report-dir={folder}"]
        green = steady(
            runs, busy, lambda: judge(ROOT, *arguments, limit=LIMIT, stack=stack).past_ready, partial(print, flush=True)
        )
    click.echo(f"{'steady' if green else 'NOT steady'}: {runs} runs, {busy} of them with every core busy")
    return 0 if green else 1


def main() -> NoReturn:
    """Carry out the arguments of this process."""
    sys.exit(carry_out(command, "steadiness", sys.argv[1:]))
