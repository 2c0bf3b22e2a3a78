"""A user of the MLflow SDK: door, key and machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry_conformance.judge.clients.registry import Registry
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import BARE, Door, Machine


@dataclass(frozen=True, slots=True)
class Developer:
    """A user of the SDK: door, key (or none), empty home, run name, client settings, and machine."""

    door: Door
    key: Credential | None = field(repr=False)
    home: Path
    run: str
    variables: Mapping[str, str] = field(default_factory=dict)
    machine: Machine = BARE

    def registry(self) -> Registry:
        """Return the SDK for this developer."""
        self.home.mkdir(parents=True, exist_ok=True)
        return Registry(self.door, self.key, Evidence(), self.home, self.run, self.variables, self.machine)
