"""The target: doors, credentials and capabilities of one deployment, as a value that workers are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry_conformance.judge.promises import EVERYTHING, Promises
from registry_conformance.judge.target.account import ObservedAccount, PlannedAccount
from registry_conformance.judge.target.credential import Credential, secrets_of
from registry_conformance.judge.target.network import DIRECT, Network
from registry_conformance.judge.target.policy import GUARDED, READS, ROLES, Policy
from registry_conformance.judge.target.requests import Requests
from registry_conformance.judge.target.token import taken

WORKSPACE_HEADER = "X-MLFLOW-WORKSPACE"
"""The header by which a client names a workspace."""


@dataclass(frozen=True, slots=True)
class Door:
    """A base URL (tracking URI) at which a target serves MLflow; no client waits longer than ``patience`` seconds.

    ``ca`` is the file of the authorities that may vouch for an ``https`` door, ``None`` those of the system. ``policy``
    is what is promised there. A door to a deployment of others has a ``guard``, which each request passes first. At a
    ``direct`` door artifacts are declared to pass by, so that its artifact routes are not asked. ``network`` is the one
    that clients reach it from. ``broken`` says why a door keeps not even the least that it promises, empty if it does:
    no other check is sent there. ``workspace`` is the one of MLflow's that clients name there, empty for none.
    """

    name: str
    url: str
    patience: float = 30.0
    ca: Path | None = None
    policy: Policy = GUARDED
    guard: Requests | None = None
    direct: bool = False
    network: Network = DIRECT
    broken: str = ""
    workspace: str = ""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What every request there carries, whoever sends it."""
        return ((WORKSPACE_HEADER, self.workspace),) if self.workspace else ()


@dataclass(frozen=True, slots=True)
class Capability:
    """Something a target lets the suite do or see, or the reason why it does not."""

    present: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """How to look into the bucket: an S3 endpoint URL, the bucket, the artifact prefix, and credentials.

    A bucket of others has the ``guard`` of its target's doors: what is put there or removed passes it first.
    """

    endpoint: str
    region: str
    bucket: str
    prefix: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    network: Network = DIRECT
    guard: Requests | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LogGroup:
    """How to read a group of CloudWatch Logs: its name, region and credentials; ``endpoint`` empty for AWS's own."""

    name: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """What a client reaches the store with by itself: credentials, a region; ``endpoint`` empty for AWS's own."""

    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    endpoint: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """The variables that a client is told them by."""
        told = {
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "MLFLOW_S3_ENDPOINT_URL": self.endpoint,
        }
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that a client runs on: variables that are set there, and what its ``~/.netrc`` says.

    ``{url}`` and ``{host}`` in a text are those of the door. ``login`` is for the store, if clients have one.
    """

    variables: tuple[tuple[str, str], ...] = ()
    netrc: str = ""
    login: Login | None = None


BARE = Machine()
"""A machine that nothing is set on."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How artifacts move between the store and a client as users have it.

    Each is ``proxied`` (all bytes through the door), ``presigned`` (by URLs that carry their own right to the store)
    or ``direct`` (with the client's own store credentials).
    """

    uploads: str = "proxied"
    downloads: str = "presigned"


@dataclass(frozen=True, slots=True)
class Transfers:
    """What is declared of bodies: ``largest`` in bytes; and at ``rate`` bytes a second, how many ``seconds`` they last.

    0 is not declared.
    """

    largest: int = 0
    rate: float = 0.0
    seconds: float = 0.0


_OF_OTHERS = frozenset({"live", "address"})
"""Kinds of targets whose logs are not ours."""


@dataclass(frozen=True, slots=True)
class Target:
    """One deployment as checks may reach it.

    ``keys`` maps a role or key state (``reader``, ``writer``, ``admin``, ``expired``, ``revoked``, ``throttled``,
    ``other-service``, ``legacy-service``, ``disposable``, ``colleague``) to its credential. ``origin`` is MLflow past
    the proxy, ``bucket`` the store's inside, ``key_service`` the key service's base URL, ``key_record`` the file in
    which it keeps what it was asked, ``records`` link -> the file of what passed on it, ``logs`` part -> log file,
    ``log_groups`` part -> group of CloudWatch Logs, ``account`` what bucket, role and logs are looked at in: each only
    where it is open.
    ``ways`` is how artifacts are declared to move, ``machine`` where the MLflow client runs. ``secure`` is a door that
    takes TLS, from version ``tls_floor`` on. A client of the SDK is given up after ``client_quiet`` seconds without
    progress.
    ``promises`` is what is asked of the target. ``default_permission`` is what MLflow's own permissions let a user do
    with a thing that nobody granted, empty if that is not declared; ``transfers`` what is declared of large and slow
    bodies; ``other_workspace`` is one of MLflow's workspaces in which the suite makes nothing, empty if none is
    declared.
    """

    name: str
    kind: str
    doors: tuple[Door, ...]
    keys: Mapping[str, Credential] = field(repr=False)
    secure: Door | None = None
    tls_floor: str = "TLSv1.2"
    client_quiet: float = 60.0
    origin: Door | None = None
    bucket: BucketAccess | None = None
    key_record: Path | None = None
    key_service: str = ""
    records: Mapping[str, Path] = field(default_factory=dict)
    logs: Mapping[str, Path] = field(default_factory=dict)
    log_groups: Mapping[str, LogGroup] = field(default_factory=dict)
    account: ObservedAccount | PlannedAccount | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    capabilities: Mapping[str, Capability] = field(default_factory=dict)
    ways: Ways = Ways()
    machine: Machine = BARE
    faults: tuple[str, ...] = ()
    promises: Promises = EVERYTHING
    default_permission: str = ""
    transfers: Transfers = Transfers()
    other_workspace: str = ""

    def capability(self, name: str) -> Capability:
        """Return what is known of a capability; one never probed is absent."""
        return self.capabilities.get(name, Capability(False, f"this target does not offer {name!r}"))

    def role_at(self, door: Door) -> str:
        """Return the role that the suite speaks as at a door: who may do everything there, by its policy.

        Without that key it is the least that may read; if nobody may do that, the one whose key is missing.
        """
        worker = door.policy.worker
        if worker in self.keys:
            return worker
        given = (*(role for role in ROLES if role in self.keys), "anonymous")
        return next((role for role in given if door.policy.of(role) >= READS), worker or "writer")

    @property
    def working_doors(self) -> tuple[Door, ...]:
        """The doors that are not broken; where all are, all: there is nothing better to ask."""
        return tuple(door for door in self.doors if not door.broken) or self.doors

    def key_at(self, door: Door) -> Credential | None:
        """Return the credential that the suite speaks with at a door, ``None`` if it was given none."""
        return self.keys.get(self.role_at(door))

    def exposable_key(self, door: Door) -> str | None:
        """Return the good API key that may be sent in a form that is to be refused, and may be logged there.

        ``None`` if there is none, or another credential.
        """
        credential = self.exposable(door)
        return credential if isinstance(credential, str) else None

    def exposable(self, door: Door) -> Credential | None:
        """Return the good credential that may be sent in a form that is to be refused, and may be logged there.

        On a stack of ours that is the one that is used at a door; of a target of others the one that is declared
        ``disposable``, and ``None`` if none is.
        """
        return self.keys.get(self.role_at(door) if self.kind not in _OF_OTHERS else "disposable")

    def api_key(self, role: str) -> str | None:
        """Return the API key of a role or key state, ``None`` if it was given none, or another credential."""
        key = self.keys.get(role)
        return key if isinstance(key, str) else None

    @property
    def workspace(self) -> str:
        """The workspace that the suite works in at every door, empty for none."""
        return next((door.workspace for door in self.doors), "")

    @property
    def secrets(self) -> frozenset[str]:
        """Every value that must never be written down."""
        accounts: list[BucketAccess | LogGroup | Login | ObservedAccount] = [*self.log_groups.values()]
        others = (self.bucket, self.machine.login, self.account)
        accounts += [each for each in others if each and not isinstance(each, PlannedAccount)]
        of_accounts = (secret for account in accounts for secret in (account.secret_key, account.session_token))
        of_keys = (secret for key in self.keys.values() for secret in secrets_of(key))
        of_networks = (secret for door in self.doors for secret in door.network.secrets)
        return frozenset({*of_keys, *of_accounts, *of_networks, *taken()} - {""})

    def describe(self) -> dict[str, Any]:
        """Return what a report says of the target: no secret, no machine path."""
        return {
            "name": self.name,
            "kind": self.kind,
            "doors": {door.name: door.url for door in self.doors},
            "versions": dict(self.versions),
            **({"images": dict(self.images)} if self.images else {}),
            "capabilities": {
                name: {"present": capability.present, "reason": capability.reason}
                for name, capability in sorted(self.capabilities.items())
            },
            "ways": {"uploads": self.ways.uploads, "downloads": self.ways.downloads},
            "faults": list(self.faults),
            "promises": self.promises.describe(),
            "broken_doors": {door.name: door.broken for door in self.doors if door.broken},
        }
