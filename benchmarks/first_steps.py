"""``scripts/first-steps``: how long a person waits on a machine that has nothing of this suite."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click
import psutil

from benchmarks.figure import BenchError, Figure, Target, table
from benchmarks.stacks import Bench, stack_up
from registry_conformance.cli.problems import carry_out
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import isolate
from registry_conformance.judge.temporary import temporary_folder

LIMIT = 3600.0
"""Seconds after which a step is given up."""
_KEPT = ("LANG", "PIP_", "UV_", "SSL_", "REQUESTS_")
"""Where packages come from, and how they are trusted: what a bare machine has of these it keeps."""


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A home without caches, a fresh checkout of the latest commit without an environment, no engine for containers."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> BareMachine:
        """Make one in an empty folder; raise ``BenchError`` outside a git checkout."""
        for name in ("home", "tmp", "checkout"):
            (folder / name).mkdir()
        git = shutil.which("git") or "git"
        packed = subprocess.run([git, "archive", "HEAD"], cwd=ROOT, capture_output=True, check=False)
        if packed.returncode:
            raise BenchError(f"this needs a git checkout: {packed.stderr.decode(errors='replace').strip()}")
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder / "checkout", filter="data")
        return cls(folder)

    def seconds(self, *command: str, **variables: str) -> float:
        """Run a command in the checkout and return how long it took; raise ``BenchError`` unless it ends with 0."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT) and "CACHE" not in name}
        path = f"{sys.base_prefix}/bin:{os.environ['PATH']}"  # no environment of ours before the Python that is there
        no_engine = "unix:///nonexistent/docker.sock"
        own = {
            "DOCKER_HOST": no_engine,
            "PATH": path,
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
        }
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=self.folder / "checkout",
            env=kept | own | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=LIMIT)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                os.killpg(process.pid, signal.SIGTERM)
                raise
        if process.returncode:
            raise BenchError(f"{' '.join(command)} ended with exit code {process.returncode}:\n{said[-3000:]}")
        return time.monotonic() - began


def measure(bench: Bench) -> list[Figure]:
    """Go the way of README.md: the doctor, a registration on a stack of ours, everything; raise ``BenchError``."""
    machine = BareMachine.at(bench.folder)
    click.echo("the doctor ...", err=True)
    with stack_up(bench) as up:
        key, url = str(up.target.keys["writer"]), up.target.doors[0].url
        tool = [sys.executable, "-m", "uv", "tool", "run", "--from", "."]
        doctor = machine.seconds(*tool, "registry-conformance", "doctor", "--url", url, MLFLOW_TRACKING_TOKEN=key)
    click.echo("the environment ...", err=True)
    setup = machine.seconds("make", "setup")
    click.echo("a registration ...", err=True)
    register = machine.seconds(".venv/bin/registry-conformance", "register", "--stack", "embedded")
    click.echo("everything ...", err=True)
    verify = machine.seconds("make", "verify")
    made = f"of it {setup:.0f} s for the environment, made once"
    return [
        Figure("to the doctor's first verdict", "s", [doctor], Target(30), "by uvx, all that it needs downloaded"),
        Figure("to a registration on the embedded stack", "s", [setup + register], Target(60), made),
        Figure("to the verdict of make verify", "s", [setup + verify], Target(150), made),
    ]


@click.command()
def command() -> int:
    """Measure how long a person waits for the first verdicts on a bare machine, and print it.

    A home without caches and a fresh checkout of the latest commit are made in a temporary folder (3 GB), and all
    packages are downloaded. It takes several minutes.

    \b
    Example:
      scripts/first-steps

    Exit codes: 0 measured, 2 interrupted, 4 bad option, 6 a step did not succeed.
    """
    isolate()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with temporary_folder("first-steps-") as folder:
            measured = measure(Bench("moto", folder))
    except (BenchError, OSError, subprocess.SubprocessError) as problem:
        click.echo(f"first-steps: {problem}", err=True)
        return 6
    for line in table(measured):
        click.echo(line)
    busy = f"{psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    click.echo(f"{busy}; targets are for a quiet machine, reported and not enforced")
    return 0


def main() -> NoReturn:
    """Carry out the arguments of this process."""
    sys.exit(carry_out(command, "first-steps", sys.argv[1:]))
