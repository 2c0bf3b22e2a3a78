"""The conditions of a proof: normal, with every CPU core busy, or behind a slow connection."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.disturbance import Delay, When
from registry_conformance.lab.faults.change import on

SLOW_SECONDS = 0.1
"""How long each request to the proxy waits on a slow line."""
_A_CORE = 4
_SPIN = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(1_000_000):\n        pass"
"""What keeps a core busy until who started it is gone."""


def behind_a_slow_line(healthy: Deployment) -> Deployment:
    """Return a healthy deployment with a delay in front of the proxy."""
    return on("proxy", When(), Delay(SLOW_SECONDS))(healthy)


@contextmanager
def every_core_busy() -> Iterator[None]:
    """Keep every CPU core busy during the block."""
    count = (os.cpu_count() or 1) * _A_CORE
    spinning = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(count)]
    try:
        yield
    finally:
        for one in spinning:
            one.kill()
        for one in spinning:
            one.wait()
