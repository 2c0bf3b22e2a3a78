"""The stack in containers stands at addresses that last, and on images that are what their source says."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from tests.conftest import Project, eventually

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
    with closing(OwnedStack(StackRequest(new_run_id(), store="minio", kind="docker", cache=cache))) as stack:
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


def test_image_older_than_its_source_is_named(own_project: Project) -> None:
    """An image whose source has changed since is exit code 6, with the one command that builds it."""
    own_project.checks(SLOW)
    source = own_project.root / "docker" / "auth" / "policy.py"
    source.write_text(source.read_text() + "\n# changed\n")
    code, output = own_project.run("--stack=docker", "--store=minio")

    assert code == 6, output
    assert "is not there, or is older than its source; build it: scripts/build-images auth" in output
