"""The target: doors, credentials and capabilities of one deployment, as a value that is sent to workers."""

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
    ``own_store`` is how the client's own credentials for a store look, with which it may pass by, and ``registry`` is
    where its settings send models, empty for the door; ``named`` are the variables by which they name a run or an
    experiment that is to be there, with its id; ``limits`` are those that bound its waits, repetitions and bytes.
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
    own_store: str = ""
    registry: str = ""
    named: tuple[tuple[str, str], ...] = ()
    limits: tuple[tuple[str, int], ...] = ()

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that every request there has, whoever sends it."""
        return ((WORKSPACE_HEADER, self.workspace),) if self.workspace else ()


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a target lets the suite do or see, or the reason why it does not."""

    present: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """How to access the bucket: S3 endpoint URL, bucket, artifact prefix, and credentials.

    A third-party bucket has the ``guard`` of its target's doors, which authorizes each write or deletion.
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
    """How to read a CloudWatch log group: name, region and credentials; ``endpoint`` empty for AWS's own."""

    name: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """A client's own access to the store: credentials, region; ``endpoint`` empty for AWS's own."""

    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    endpoint: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables for the client."""
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
    """The client's machine: its environment variables and its ``~/.netrc``.

    ``{url}`` and ``{host}`` in a text are those of the door. ``login`` is for the store, if clients have one.
    """

    variables: tuple[tuple[str, str], ...] = ()
    netrc: str = ""
    login: Login | None = None


BARE = Machine()
"""A machine that nothing is set on."""


@dataclass(frozen=True, slots=True)
class ArtifactModes:
    """How artifacts are transferred between a client and the store.

    Each is ``proxied`` (all bytes through the door), ``presigned`` (by presigned URLs of the store) or ``direct`` (with
    the client's own store credentials).
    """

    uploads: str = "proxied"
    downloads: str = "presigned"


@dataclass(frozen=True, slots=True)
class Transfers:
    """The declared limits of bodies: ``largest`` in bytes; ``seconds`` that a body at ``rate`` bytes per second lasts.

    0 is not declared.
    """

    largest: int = 0
    rate: float = 0.0
    seconds: float = 0.0


_OF_OTHERS = frozenset({"live", "address"})
"""Kinds of targets whose logs belong to others."""


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
    declared. ``defects_show`` is whether MLflow is started as it was when its known defects were measured.
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
    ways: ArtifactModes = ArtifactModes()
    machine: Machine = BARE
    faults: tuple[str, ...] = ()
    promises: Promises = EVERYTHING
    defects_show: bool = True
    default_permission: str = ""
    transfers: Transfers = Transfers()
    other_workspace: str = ""

    def capability(self, name: str) -> Capability:
        """Return a capability; one that was never probed is absent."""
        return self.capabilities.get(name, Capability(False, f"this target does not offer {name!r}"))

    def role_at(self, door: Door) -> str:
        """Return the role that the suite uses at a door: by its policy, one that may do everything there.

        Without such a key it is the least privileged role that may read; without that one too, the role whose key is
        missing.
        """
        worker = door.policy.worker
        if worker in self.keys:
            return worker
        given = (*(role for role in ROLES if role in self.keys), "anonymous")
        return next((role for role in given if door.policy.of(role) >= READS), worker or "writer")

    @property
    def working_doors(self) -> tuple[Door, ...]:
        """The doors that are not broken; all, if all are broken."""
        return tuple(door for door in self.doors if not door.broken) or self.doors

    def key_at(self, door: Door) -> Credential | None:
        """Return the credential that the suite uses at a door, ``None`` if it has none."""
        return self.keys.get(self.role_at(door))

    def exposable_key(self, door: Door) -> str | None:
        """Return a valid API key that may be sent in a form that must be rejected, and may end up in logs.

        ``None`` if there is none, or another kind of credential.
        """
        credential = self.exposable(door)
        return credential if isinstance(credential, str) else None

    def exposable(self, door: Door) -> Credential | None:
        """Return a valid credential that may be sent in a form that must be rejected, and may end up in logs.

        On a local stack it is the one used at a door; on a third-party target the one declared as ``disposable``,
        ``None`` without one.
        """
        return self.keys.get(self.role_at(door) if self.kind not in _OF_OTHERS else "disposable")

    def api_key(self, role: str) -> str | None:
        """Return the API key of a role or key state, ``None`` if there is none, or another kind of credential."""
        key = self.keys.get(role)
        return key if isinstance(key, str) else None

    @property
    def workspace(self) -> str:
        """The workspace that the suite works in at every door, empty for none."""
        return next((door.workspace for door in self.doors), "")

    @property
    def secrets(self) -> frozenset[str]:
        """Every value that must be redacted."""
        accounts: list[BucketAccess | LogGroup | Login | ObservedAccount] = [*self.log_groups.values()]
        others = (self.bucket, self.machine.login, self.account)
        accounts += [each for each in others if each and not isinstance(each, PlannedAccount)]
        of_accounts = (secret for account in accounts for secret in (account.secret_key, account.session_token))
        of_keys = (secret for key in self.keys.values() for secret in secrets_of(key))
        of_networks = (secret for door in self.doors for secret in door.network.secrets)
        return frozenset({*of_keys, *of_accounts, *of_networks, *taken()} - {""})

    def describe(self) -> dict[str, Any]:
        """Return the description of the target for reports: no secret, no local path."""
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
