"""``scripts/bench``: speed and memory as ratios within one run."""

from __future__ import annotations

import json
import platform
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

import click
import psutil

from benchmarks import broken_door, checks, harness, ready, replay, throughput, under_load, workers
from benchmarks.figure import BenchError, Figure, table
from benchmarks.stacks import Bench
from registry_conformance.cli.parameters import STORE, OneOf
from registry_conformance.cli.problems import carry_out, refuse
from registry_conformance.judge.locations import report_folder
from registry_conformance.judge.machine import isolate
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.settings import Settings

BENCHMARKS = {
    "ready": ready,
    "harness": harness,
    "checks": checks,
    "workers": workers,
    "replay": replay,
    "throughput": throughput,
    "under-load": under_load,
    "broken-door": broken_door,
}


def measure(only: Sequence[str], asked_rounds: int, store: str) -> tuple[list[Figure], list[str]]:
    """Run the benchmarks that were asked for; return the figures, and why what is missing could not be measured."""
    figures: list[Figure] = []
    problems: list[str] = []
    for name in only or BENCHMARKS:
        click.echo(f"measuring {name} ...", err=True)
        with temporary_folder("bench-") as folder:
            rounds = asked_rounds or BENCHMARKS[name].ROUNDS
            try:
                figures += BENCHMARKS[name].measure(Bench(store, folder), rounds)
            except (BenchError, OSError) as problem:
                problems.append(f"could not measure {name}: {problem}")
    return figures, problems


def write(store: str, started: datetime, figures: list[Figure], problems: list[str]) -> None:
    """Write ``reports/bench.json``: the machine, the store, each figure with its rounds, and what is missing."""
    document = {
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": psutil.cpu_count(),
            "memory_mib": psutil.virtual_memory().total >> 20,
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "store": store,
        "figures": [figure.document() for figure in figures],
        "problems": problems,
    }
    (report_folder() / "bench.json").write_text(json.dumps(document, indent=1) + "\n")


@click.command()
@click.option("--only", multiple=True, type=OneOf(tuple(BENCHMARKS)), help="This benchmark (may be repeated).")
@click.option("--rounds", type=click.IntRange(0), default=0, metavar="N", help="Rounds of each (default: its own).")
@STORE
def command(only: tuple[str, ...], rounds: int, store: str) -> int:
    """Measure speed and memory as ratios within one run; print a table and write reports/bench.json.

    Targets are reported, not enforced.

    \b
    Example:
      scripts/bench --only ready --rounds 3

    Exit codes: 0 measured, 2 interrupted, 4 bad option, 6 could not measure.
    """
    isolate()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = datetime.now(UTC)
    run = {"stack": "embedded", "store": store, "fault": [], "report_dir": "", "proxy_port": 0}
    try:
        chosen = Settings.read(run).store
        figures, problems = measure(only, rounds, chosen)
        write(chosen, started, figures, problems)
    except SettingsError as problem:
        raise refuse(problem) from problem
    except OSError as problem:
        click.echo(f"bench: could not write reports/bench.json: {problem}", err=True)
        return 6
    for line in table(figures) if figures else ():
        click.echo(line)
    click.echo(f"{psutil.cpu_count()} cores, {chosen} store; targets are for the median, reported and not enforced")
    for missing in problems:
        click.echo(f"bench: {missing}", err=True)
    return 6 if problems else 0


def main() -> NoReturn:
    """Carry out the arguments of this process."""
    sys.exit(carry_out(command, "bench", sys.argv[1:]))
