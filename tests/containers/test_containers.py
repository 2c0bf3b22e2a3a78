"""The stack in containers: it stands at addresses that last, and however a run ends, the engine holds nothing of it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from fixtures.deployment import REFERENCE
from fixtures.settings import new_run_id
from fixtures.stack.handle import OwnedStack
from fixtures.stack.order import Order
from tests.conftest import Project, eventually, processes_of, read_until
from tests.containers.conftest import held

SLOW = """
@verifies("ZZZ-001")
def test_slow(door):
    \"\"\"A request is answered.\"\"\"
    expect_status(door.health(), 200)
    time.sleep(60)
"""


@pytest.fixture
def contained(cache: Path) -> Iterator[OwnedStack]:
    """A stack in containers."""
    with closing(OwnedStack(Order(new_run_id(), store="minio", kind="docker", cache=cache))) as stack:
        yield stack


def test_killed_part_refuses_and_is_back(contained: OwnedStack) -> None:
    """A killed part refuses at once, as a machine does whose program ended, and is back at the same address."""
    door = contained.target().doors[0].url
    host, port = re.findall(r"//([\d.]+):(\d+)", door)[0]
    contained.signal("proxy", signal.SIGKILL)
    eventually(lambda: "proxy" not in contained.pids(), "the proxy is gone")
    began = time.monotonic()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=20)
    assert time.monotonic() - began < 10

    contained.apply(REFERENCE)
    socket.create_connection((host, int(port)), timeout=20).close()


def _pytest(process: subprocess.Popen[str]) -> psutil.Process:
    return psutil.Process(process.pid)


def _supervisor(process: subprocess.Popen[str]) -> psutil.Process:
    children = psutil.Process(process.pid).children()
    return next(child for child in children if "fixtures.stack.supervisor" in " ".join(child.cmdline()))


@pytest.mark.parametrize("victim", [_pytest, _supervisor])
def test_killed_run_leaves_nothing_in_the_engine(
    project: Project, victim: Callable[[subprocess.Popen[str]], psutil.Process]
) -> None:
    """Containers, network and volumes are gone soon after the run, or what owns them, was killed."""
    project.checks(SLOW)
    process = project.start("--stack=docker", "--store=minio", "-n0", TESTCONTAINERS_RYUK_DISABLED="true")
    try:
        run_id = read_until(process, r"run (verify-\S+): docker stack")[1]
        assert len(held(run_id)) > 10
        victim(process).kill()
        eventually(lambda: held(run_id) == [], "the engine holds nothing of the run", budget=60)
        eventually(lambda: processes_of(run_id) == [], "no part of the run is left", budget=60)
    finally:
        process.kill()
        process.communicate()


def test_image_older_than_its_source_is_named(project: Project) -> None:
    """An image whose source has changed since is exit code 6, with the one command that builds it."""
    project.checks(SLOW)
    source = project.root / "docker" / "auth" / "policy.py"
    source.write_text(source.read_text() + "\n# changed\n")
    code, output = project.run("--stack=docker", "--store=minio")

    assert code == 6, output
    assert "is not there, or is older than its source; build it: scripts/build-images auth" in output
