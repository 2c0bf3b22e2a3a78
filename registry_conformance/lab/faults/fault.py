"""A fault: a pure function on the deployment, with its story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.faults.symptom import Step

LAYERS = ("client", "network", "proxy", "auth", "keys", "mlflow", "iam", "store")


@dataclass(frozen=True, slots=True)
class Fault:
    """One named, reversible defect.

    ``layer`` is where it is mended; ``seen`` is what a client sees, ``remedy`` what mends it, ``requirements`` the ids
    that must fail while it is armed; ``signs`` how its effect shows without them. ``incidents`` are the rows of the
    incident list that it reproduces. ``needs`` are capabilities of the target without which it has no effect.
    """

    name: str
    layer: str
    seen: str
    cause: str
    remedy: str
    requirements: tuple[str, ...]
    change: Callable[[Deployment], Deployment]
    symptoms: tuple[Step, ...]
    incidents: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
