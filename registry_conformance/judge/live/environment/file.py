"""The typed content of an environment file; each field's description says what is allowed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from registry_conformance.judge.live.environment.access import KeyTable, NetworkTable
from registry_conformance.judge.live.environment.account import InfrastructureTable
from registry_conformance.judge.live.environment.limits import BudgetTable, LoadTable, TimeoutsTable
from registry_conformance.judge.live.environment.storage import ArtifactsTable, BucketTable, LogTable
from registry_conformance.judge.live.environment.tables import URL_FORM, Count, Seconds, Strict, Url
from registry_conformance.judge.live.toml_lines import line_of
from registry_conformance.judge.promises import FEATURES, PROFILES
from registry_conformance.judge.target.permissions import LETS
from registry_conformance.judge.target.policy import GUARDED, KNOWN

Right = Literal["read", "write", "artifact-read", "artifact-write"]
DoorName = Literal["canonical", "documented", "literal"]
ProfileName = Literal["mlflow", "gateway", "platform", "store", "account", "resilience", "load"]
FeatureName = Literal[
    "presigned-downloads", "multipart-uploads", "user-interface", "request-ids", "permissions", "workspaces"
]
assert get_args(ProfileName) == tuple(PROFILES)
assert get_args(FeatureName) == tuple(FEATURES)
Role = Literal[
    "reader",
    "writer",
    "admin",
    "expired",
    "revoked",
    "throttled",
    "other-service",
    "legacy-service",
    "disposable",
    "colleague",
]


def _policy_name(text: str) -> str:
    if text in KNOWN:
        raise ValueError("a name that is taken")
    return text


PolicyName = Annotated[str, AfterValidator(_policy_name)]


_RIGHTS = "a list of rights: " + ", ".join(get_args(Right))


class PolicyTable(Strict):
    """The rights of each role; a role that is not named has none."""

    anonymous: list[Right] = Field(default_factory=list, description=_RIGHTS)
    reader: list[Right] = Field(default_factory=list, description=_RIGHTS)
    writer: list[Right] = Field(default_factory=list, description=_RIGHTS)
    admin: list[Right] = Field(default_factory=list, description=_RIGHTS)


class DoorTable(Strict):
    """A door, and its promised policy."""

    url: Url = Field(description=URL_FORM)
    policy: str = Field(
        default=GUARDED.name,
        description='"guarded" (the reference), "open" (no key is asked for), or one of [policies]',
    )
    ca: str | None = Field(default=None, description="the path of a file of certificate authorities")


class OriginTable(Strict):
    """MLflow past the proxy, if accessible."""

    url: Url = Field(description=URL_FORM)


class PermissionsTable(Strict):
    """Declarations about MLflow's own permissions."""

    default: Literal["NO_PERMISSIONS", "READ", "EDIT", "MANAGE"] = Field(
        description="what a user may do with what nobody granted: " + ", ".join(LETS)
    )


WorkspaceName = Annotated[str, Field(pattern=r"^[a-z0-9][-a-z0-9]*[a-z0-9]$", max_length=63)]
"""A name that MLflow takes for a workspace."""


class WorkspacesTable(Strict):
    """MLflow workspaces: the one of the suite, and another one from which it must not be visible."""

    own: WorkspaceName = Field(description="the workspace that the suite works in")
    other: WorkspaceName | None = Field(
        default=None, description="another, from which nothing of the first may be seen"
    )

    @model_validator(mode="after")
    def are_two(self) -> Self:
        """Reject equal workspaces."""
        if self.own == self.other:
            raise ValueError("own and other are one workspace: give another one, or leave it out")
        return self


class TransfersTable(Strict):
    """Declarations about large and slow bodies."""

    megabytes: Count = Field(
        default=0, ge=0, description="MiB of the largest body that must pass, a whole number; 0 for none declared"
    )
    kilobytes_per_second: float = Field(
        default=0.0, ge=0, description="the bandwidth of the slowest client, a number; 0 for none declared"
    )
    seconds: Seconds = Field(default=60.0, gt=0, description="how long a body at that bandwidth takes, in seconds")


class TlsTable(Strict):
    """Declarations about TLS."""

    floor: Literal["TLSv1.2", "TLSv1.3"] = Field(default="TLSv1.2", description='"TLSv1.2" or "TLSv1.3"')


class CleanupTable(Strict):
    """How deleted experiments are removed permanently."""

    purge: list[str] = Field(
        min_length=1, description="a program and its arguments; the ids of deleted experiments are appended, by commas"
    )


class ExpectedFailure(Strict):
    """A requirement known to be broken there: strict, with a reason, until a date."""

    requirement: str = Field(pattern=r"^[A-Z]{3}-\d{3}$", description="a requirement's id, as ART-012")
    reason: str = Field(min_length=10, description="why, in a sentence")
    expires: date = Field(description="a date, as 2027-01-31")


class EnvironmentFile(Strict):
    """One environment; if read from a file, it knows the line of each entry."""

    description: str = Field(min_length=1, description="what this environment is, in a sentence")
    access: Literal["read-only", "sandboxed"] = Field(description='"read-only" or "sandboxed"')
    doors: dict[DoorName, DoorTable] = Field(
        min_length=1, description="tables [doors.canonical], [doors.documented] and [doors.literal], at least one"
    )
    policies: dict[PolicyName, PolicyTable] = Field(
        default_factory=dict, description="tables as [policies.NAME] with anonymous, reader, writer and admin"
    )
    keys: dict[Role, KeyTable] = Field(
        default_factory=dict, description="tables as [keys.writer]: " + ", ".join(get_args(Role))
    )
    network: NetworkTable = Field(
        default=NetworkTable(), description="a table with http_proxy, https_proxy, no_proxy and ca_file"
    )
    promises: list[ProfileName] | None = Field(
        default=None, description="a list of profiles: " + ", ".join(get_args(ProfileName))
    )
    register_release: Count = Field(
        default=0, ge=0, description="the release of the register that is asked, 0 for the newest"
    )
    features: dict[FeatureName, bool] = Field(
        default_factory=dict, description="a table of true and false for: " + ", ".join(get_args(FeatureName))
    )
    permissions: PermissionsTable | None = Field(
        default=None, description="a table with default, of MLflow's own permissions"
    )
    workspaces: WorkspacesTable | None = Field(
        default=None, description="a table with own and other, of MLflow's own workspaces"
    )
    transfers: TransfersTable = Field(
        default=TransfersTable(), description="a table with megabytes, kilobytes_per_second and seconds"
    )
    origin: OriginTable | None = Field(default=None, description="a table with url")
    artifacts: ArtifactsTable = Field(
        default=ArtifactsTable(), description="a table with uploads, downloads and client"
    )
    bucket: BucketTable | None = Field(
        default=None, description="a table with name, prefix, region, endpoint and two secrets"
    )
    logs: dict[Literal["proxy", "auth", "mlflow"], LogTable] = Field(
        default_factory=dict, description="tables [logs.proxy], [logs.auth] and [logs.mlflow]"
    )
    infrastructure: InfrastructureTable | None = Field(
        default=None, description="a table with account, region, role and what else is declared of the AWS account"
    )
    tls: TlsTable = Field(default=TlsTable(), description="a table with floor")
    budget: BudgetTable = Field(
        default=BudgetTable(), description="a table with requests, megabytes, objects and seconds"
    )
    load: LoadTable | None = Field(
        default=None, description="a table with requests, megabytes, objects and rate, the caps of a load"
    )
    timeouts: TimeoutsTable = Field(default=TimeoutsTable(), description="a table with answer, client and dead_answers")
    cleanup: CleanupTable | None = Field(default=None, description="a table with purge")
    expected_failures: list[ExpectedFailure] = Field(
        default_factory=list, description="tables [[expected_failures]] with requirement, reason and expires"
    )
    _folder: Path = PrivateAttr(default=Path())
    _shown: str = PrivateAttr(default="")
    _text: str = PrivateAttr(default="")

    def read_from(self, file: Path, shown: str, text: str) -> EnvironmentFile:
        """Return this environment with the file that it was read from: its display name and its text."""
        self._folder, self._shown, self._text = file.parent, shown, text
        return self

    def at(self, where: str) -> str:
        """Return an entry's place in the file with its line: ``staging.toml:7: keys.writer``."""
        line = line_of(self._text, tuple(where.split(".")))
        return f"{self._shown}:{line}: {where}" if self._shown else where

    def next_to(self, path: str) -> Path:
        """Return a path that the file names: in the user's home, or relative to the file's folder."""
        try:
            return (self._folder / Path(path).expanduser()).resolve()
        except (RuntimeError, ValueError):  # no such user, or a character that no path can have
            return self._folder / path
