"""Every route of an MLflow server version, read from the server's own code.

Importing the server takes seconds, so a separate process does it once a version: ``python -m
registry_conformance.judge.clients.inventory`` prints the routes as JSON.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import client_version, part_environment, python

_PARAMETER = re.compile(r"<[^>]+>|\{[^}]+\}")
_IMPLIED = frozenset({"HEAD", "OPTIONS"})
"""Methods that the server's frameworks add to every route."""


class InventoryError(RuntimeError):
    """The routes cannot be read; the message has the last line of the import error."""


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One method of one path template, behind a door: ``/api/2.0/mlflow/traces/<trace_id>/tags``."""

    path: str
    method: str

    def example(self, value: str) -> str:
        """Return the path with ``value`` for each parameter."""
        return _PARAMETER.sub(value, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Installation:
    """An MLflow installation on this machine: its version, and its Python interpreter."""

    version: str
    python: str

    @classmethod
    def own(cls) -> Installation:
        """Return the MLflow that is installed with this suite."""
        return cls(client_version(), python())


@functools.cache
def routes(cache: Path | None, of: Installation | None = None) -> tuple[Route, ...]:
    """Return the routes in order, read once a process; from ``cache`` if it has this version's.

    By default those of the MLflow that is installed with this suite. Raises ``InventoryError``.
    """
    installation = of or Installation.own()
    kept = cache / f"routes-{installation.version}.json" if cache else None
    if kept is not None and kept.exists():
        return _parsed(kept.read_text(encoding="utf-8"))
    said = subprocess.run(
        [installation.python, "-m", __name__],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=part_environment("inventory", ROOT),
    )
    if said.returncode:
        last = said.stderr.strip().splitlines()[-1:]
        raise InventoryError(
            f"the routes of MLflow {installation.version} cannot be read: {' '.join(last)}; run `make setup`"
        )
    if kept is not None:
        part = kept.with_name(f"{kept.name}.{id(said)}")
        part.write_text(said.stdout, encoding="utf-8")
        part.replace(kept)
    return _parsed(said.stdout)


def _parsed(text: str) -> tuple[Route, ...]:
    return tuple(Route(path, method) for path, method in json.loads(text))


def _read() -> Iterator[tuple[str, str]]:
    from mlflow.server import app as flask  # noqa: PLC0415 - takes seconds, and only this process pays

    for rule in flask.url_map.iter_rules():
        yield from ((rule.rule, method) for method in (rule.methods or set()) - _IMPLIED)
    if importlib.util.find_spec("mlflow.server.fastapi_app") is not None:  # MLflow has it since 3.3
        from mlflow.server.fastapi_app import app  # noqa: PLC0415 - as above

        yield from _under("", app.routes)


def _under(prefix: str, found: list[Any]) -> Iterator[tuple[str, str]]:
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _under(prefix + route.include_context.prefix, inner.routes)
        elif getattr(route, "methods", None):
            yield from ((prefix + route.path, method) for method in route.methods - _IMPLIED)


if __name__ == "__main__":
    json.dump(sorted(set(_read())), sys.stdout)
