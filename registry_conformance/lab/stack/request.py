"""What a supervisor is asked to start."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry_conformance.judge.owner import Owner
from registry_conformance.lab.deployment import REFERENCE, ROLES, Deployment
from registry_conformance.lab.external.image import ExternalImage
from registry_conformance.lab.external.mlflow_command import MlflowCommand
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.lab.external.store import ExternalStore

KEY_STATES = ("expired", "revoked", "throttled")
"""What a key can be but active."""
SERVICES = {"other-service": "another-service", "legacy-service": "ml-platform"}
"""State of a key that was issued for another service -> that service's id."""


PATIENCE = 90.0
"""Seconds a part may take until it is ready: generous, since a busy machine is not a broken one."""


@dataclass(frozen=True, slots=True)
class StackSecrets:
    """The secrets of a run, shared by its stacks: API keys by role and state, store and database credentials."""

    keys: Mapping[str, str] = field(repr=False)
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    database: str = field(repr=False)

    @classmethod
    def new(cls) -> StackSecrets:
        """Return fresh random secrets."""
        states = (*ROLES, *KEY_STATES, *SERVICES)
        keys = {state: f"hk_{secrets.token_urlsafe(24)}" for state in states}
        return cls(keys, "AK" + secrets.token_hex(9).upper(), secrets.token_urlsafe(30), secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class StackRequest:
    """A deployment, and how to realise it.

    ``kind`` is ``embedded`` or ``docker``, ``store`` ``minio`` or ``moto``, or ``versitygw`` as a process, ``backend``
    ``sqlite`` or, in containers, ``postgresql``; ``cache`` is a folder that outlives the run, ``None`` for none;
    ``proxy_port`` 0 is any free port; ``faults`` names what ``deployment`` was broken with; ``servers`` is how many
    processes MLflow has. ``proxy`` and ``mlflow`` are images of others in the reference's place, ``external_store`` a
    store of others, ``neighbour`` a proxy of others as a process, ``command`` how MLflow is started; ``None`` is our
    own. ``patience`` is how many seconds a part may take until it is ready; ``owner`` is the process that all of it
    ends with.
    """

    run_id: str
    deployment: Deployment = REFERENCE
    store: str = "moto"
    kind: str = "embedded"
    backend: str = "sqlite"
    proxy_port: int = 0
    cache: Path | None = None
    faults: tuple[str, ...] = ()
    secrets: StackSecrets = field(default_factory=StackSecrets.new)
    servers: int = 2
    proxy: ExternalImage | None = None
    mlflow: ExternalImage | None = None
    external_store: ExternalStore | None = None
    neighbour: Neighbour | None = None
    command: MlflowCommand | None = None
    patience: float = PATIENCE
    owner: Owner = field(default_factory=Owner.this)
