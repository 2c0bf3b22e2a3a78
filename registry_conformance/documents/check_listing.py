"""Which checks verify which requirements, from pytest's collection; as a plugin, this prints it."""

from __future__ import annotations

import subprocess

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import python
from registry_conformance.run.session.collection import is_check, requirements_of

_MARK = "verified:"


class ListingError(RuntimeError):
    """The checks cannot be collected; the message has the end of pytest's output."""


def checks_by_requirement() -> dict[str, list[str]]:
    """Return requirement id -> node ids of its checks, cases included, in the order of collection.

    Raises ``ListingError`` if the suite does not collect.
    """
    command = [python(), "-m", "pytest", str(ROOT / "suites"), "--collect-only", "-q", "-p", __name__]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        raise ListingError(said.stdout[-2000:] + said.stderr[-2000:])
    found: dict[str, list[str]] = {}
    for line in said.stdout.splitlines():
        if line.startswith(_MARK):
            _, name, nodeid = line.split(" ", 2)
            found.setdefault(name, []).append(nodeid)
    return found


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print ``verified: ID NODEID`` for each requirement of each check."""
    writer = session.config.get_terminal_writer()
    for item in filter(is_check, session.items):
        for name in requirements_of(item):
            writer.line(f"{_MARK} {name} {item.nodeid}")
