"""Containers outlive those who started them: a run that is killed leaves none, nor a network or a volume."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.stack.docker.labels import RUN
from tests.conftest import eventually, read_until
from tests.containers.test_external_parts import MACHINE, need

HOLDS = """
import sys
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
stack = OwnedStack(StackRequest(sys.argv[1], store="minio", kind="docker"))
stack.target()
print("up", flush=True)
sys.stdin.read()
"""
KINDS = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))


def made_by(run_id: str) -> list[str]:
    """Return the ids of all containers, networks and volumes that bear a run id."""
    found = []
    for kind in KINDS:
        told = ["docker", *kind, "--quiet", "--filter", f"label={RUN}={run_id}"]
        found += subprocess.run(told, env=MACHINE, capture_output=True, text=True, check=True).stdout.split()
    return found


@pytest.fixture
def held() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A run id, and a process that holds a stack of containers up under it."""
    need()
    run_id = new_run_id()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, run_id],
        cwd=ROOT,
        env=MACHINE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        read_until(holder, "^up$")
        yield run_id, holder
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the kernel's parent-death signal is Linux's")
@pytest.mark.parametrize(
    "whom",
    [  # with both gone nobody is left who could clear up but the one that stands in the engine
        pytest.param("run", marks=pytest.mark.nightly),
        pytest.param("supervisor", marks=pytest.mark.nightly),
        "both",
    ],
)
def test_a_killed_run_leaves_nothing_with_the_engine(held: tuple[str, subprocess.Popen[str]], whom: str) -> None:
    """Whoever is killed by SIGKILL, the run, its supervisor or both: the engine has nothing left of it."""
    run_id, holder = held
    supervisor = next(
        each for each in psutil.Process(holder.pid).children() if "supervisor" in " ".join(each.cmdline())
    )
    assert made_by(run_id)  # control: there is something to be left
    for pid in {"run": [holder.pid], "supervisor": [supervisor.pid], "both": [holder.pid, supervisor.pid]}[whom]:
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: not made_by(run_id), "nothing of the run is left", budget=60.0)
