"""Work that tests have done in fresh processes."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.registry import PROBING, recording
from registry_conformance.judge.clients.sdk_credentials import client_variables, header_plugin
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.machine import part_environment, world
from registry_conformance.judge.target.credential import Credential


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


def told_by_a_program(*command: str) -> str:
    """Return what a program says that inherits this process's environment, or why there was none."""
    os.environ["MLFLOW_TRACKING_TOKEN"] = "hk_the_one_real_key"
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError as problem:
        return str(problem)


def told_by_a_start(way: str) -> str:
    """Return why a program was not started in such a way, or how it ended."""
    program = "/usr/bin/env"
    ways: dict[str, Callable[[], object]] = {
        "system": lambda: os.system(program),  # noqa: S605 - to be refused
        "exec": lambda: os.execv(program, [program]),  # noqa: S606 - to be refused
        "posix_spawn": lambda: os.posix_spawn(program, [program], {}),
        "spawn": lambda: os.spawnv(os.P_WAIT, program, [program]),  # noqa: S606 - to be refused
    }
    try:
        return f"ended with {ways[way]()}"
    except FileNotFoundError as problem:
        return str(problem)


def core_limit() -> int:
    """Return how many bytes of memory a crash may leave on the disk."""
    return resource.getrlimit(resource.RLIMIT_CORE)[0]


WAYS_OUT = ("open", "mkdir", "rename", "symlink")


def write(way: str, place: Path) -> str:
    """Make something at a place; return why it could not be made, empty if it was."""
    inside = Path.cwd() / f"source-{way}"
    inside.touch()
    ways: dict[str, Callable[[], object]] = {
        "open": lambda: place.write_text("x"),
        "mkdir": place.mkdir,
        "rename": lambda: inside.rename(place),
        "symlink": lambda: place.symlink_to(inside),
    }
    try:
        ways[way]()
    except OSError as problem:
        return str(problem)
    return ""


def hold(size: int) -> str:
    """Take so much memory; return what came of it."""
    try:
        return str(len(bytearray(size)))
    except MemoryError:
        return "MemoryError"


def search(url: str, key: Credential, home: Path) -> int:
    """Have the SDK search at a URL, whatever comes of it; return how many requests it made."""
    home.mkdir()
    made: list[object] = []
    given = {"MLFLOW_TRACKING_URI": url, **client_variables(key, home)}
    with (
        world({**part_environment("run-1", home), **PROBING, **given}),
        recording(made.append, lambda *_: contextlib.nullcontext()),
        header_plugin(key),
    ):
        from mlflow import MlflowClient  # noqa: PLC0415 - as the SDK is imported where it is needed

        with contextlib.suppress(Exception):
            MlflowClient().search_experiments()
    return len(made)


def toil(seconds: float) -> str:
    """Take so many seconds of a processor."""
    while time.process_time() < seconds:
        pass
    return "done"
