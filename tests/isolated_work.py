"""Work that tests have done in fresh processes."""

from __future__ import annotations

import contextlib
import os
import time

from registry_conformance.judge.clients.sdk_registration import Developer
from registry_conformance.judge.expect import Mismatch


def whereabouts() -> tuple[int, int, dict[str, str]]:
    """Return process id, parent's process id, and the environment."""
    return os.getpid(), os.getppid(), dict(os.environ)


def mismatch() -> None:
    """Find the deployment at fault."""
    raise Mismatch("this", "that")


def stumble() -> None:
    """Fail for a reason of our own."""
    raise KeyError("the-cause")


def die() -> None:
    """End without a word."""
    os._exit(3)


def dawdle(seconds: float) -> None:
    """Take some time."""
    time.sleep(seconds)


def headers_sent(developer: Developer) -> dict[str, str]:
    """Return the headers of the SDK's first request."""
    with developer.registry() as registry:
        with contextlib.suppress(Exception):  # the server there only echoes
            registry.client.search_experiments()
        return dict(registry.exchanges[0].request_headers)
