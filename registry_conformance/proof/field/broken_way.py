"""Kinds of third-party deployments, and ways in which each breaks."""

from __future__ import annotations

from dataclasses import dataclass

from registry_conformance.lab.deployment import REFERENCE, Deployment
from registry_conformance.lab.external.mlflow_command import MlflowCommand
from registry_conformance.lab.external.neighbour import Neighbour

WAYS = 5
"""In so many ways at least each kind is broken."""


@dataclass(frozen=True, slots=True)
class BrokenWay:
    """One way in which a kind of deployment breaks: ``text`` says what is wrong with it.

    ``breaks`` are the requirements that must be red there. ``neighbour``, ``deployment``, ``command`` and ``declared``
    stand in the place of the kind's own where they are given.
    """

    name: str
    text: str
    breaks: tuple[str, ...]
    neighbour: Neighbour | None = None
    deployment: Deployment = REFERENCE
    command: MlflowCommand | None = None
    declared: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of deployment, healthy: the proxy before MLflow, how MLflow is started, and the ways in which it breaks.

    ``declared`` are lines of its environment's file beside those that every one has.
    """

    name: str
    title: str
    neighbour: Neighbour
    ways: tuple[BrokenWay, ...]
    command: MlflowCommand | None = None
    declared: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name
