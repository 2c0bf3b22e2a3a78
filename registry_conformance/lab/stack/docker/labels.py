"""Labels of every container, network and volume of a run, by which they are found and removed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from registry_conformance.judge.owner import Owner
from registry_conformance.lab.images.engine import engine

if TYPE_CHECKING:
    from collections.abc import Iterable

RUN = "registry-conformance.run"
"""The label that holds the run id."""


STACK = "registry-conformance.stack"
"""The label that holds the name of one stack of a run."""
OWNER = "registry-conformance.owner"
"""The label of a network that holds the process that all of a run ends with: each stack has one, to the last."""


def of(run_id: str, stack: str) -> dict[str, str]:
    """Return the labels of everything that belongs to a stack of a run."""
    return {RUN: run_id, STACK: stack}


def sweep_abandoned() -> list[str]:
    """Remove what runs left whose owner processes have ended; return the names.

    Raises ``EngineError`` if no engine answers.
    """
    dead = set()
    for network in engine().networks.list(filters={"label": [RUN, OWNER]}):
        borne = network.attrs.get("Labels") or {}
        owner = Owner.read(borne.get(OWNER, ""))
        if owner is not None and owner.is_dead:
            dead.add(str(borne[RUN]))
    return [name for run_id in sorted(dead) for name in sweep(run_id)]


def sweep(run_id: str, stack: str = "") -> list[str]:
    """Remove containers, networks and volumes of a run, of one stack or all; return their names."""
    from docker.errors import APIError  # noqa: PLC0415 - see registry_conformance.lab.images.engine

    client = engine()
    mine: dict[str, str | list[str] | bool] = {"label": [f"{RUN}={run_id}", *([f"{STACK}={stack}"] if stack else [])]}
    swept = []
    for container in client.containers.list(all=True, filters=mine, ignore_removed=True):
        with contextlib.suppress(APIError):  # another process was faster
            container.remove(force=True, v=True)
        swept.append(str(container.name))
    kinds: Iterable[Iterable[object]] = (client.volumes.list(filters=mine), client.networks.list(filters=mine))
    for each in (one for kind in kinds for one in kind):
        with contextlib.suppress(APIError):
            each.remove()  # type: ignore[attr-defined] # networks and volumes alike
        swept.append(str(each.name))  # type: ignore[attr-defined] # as above
    return swept
