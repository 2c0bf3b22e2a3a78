"""What an environment file may say, typed; each field's description says what is allowed."""

from __future__ import annotations

import ipaddress
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from registry_conformance.judge.live.profile_access import KeyTable, NetworkTable
from registry_conformance.judge.live.profile_base import URL_FORM, Secret, Strict, Url
from registry_conformance.judge.live.toml_lines import line_of
from registry_conformance.judge.promises import FEATURES, PROFILES
from registry_conformance.judge.target.permissions import LETS
from registry_conformance.judge.target.policy import GUARDED, KNOWN

Right = Literal["read", "write", "artifact-read", "artifact-write"]
DoorName = Literal["canonical", "documented", "literal"]
ProfileName = Literal["mlflow", "gateway", "platform", "store", "account", "resilience", "load"]
FeatureName = Literal["presigned-downloads", "multipart-uploads", "user-interface", "request-ids", "permissions"]
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
    """Who may do what; a role that is not named may do nothing."""

    anonymous: list[Right] = Field(default_factory=list, description=_RIGHTS)
    reader: list[Right] = Field(default_factory=list, description=_RIGHTS)
    writer: list[Right] = Field(default_factory=list, description=_RIGHTS)
    admin: list[Right] = Field(default_factory=list, description=_RIGHTS)


class DoorTable(Strict):
    """A door, and the policy that is promised there."""

    url: Url = Field(description=URL_FORM)
    policy: str = Field(
        default=GUARDED.name,
        description='"guarded" (the reference), "open" (no key is asked for), or one of [policies]',
    )
    ca: str | None = Field(default=None, description="the path of a file of certificate authorities")


class OriginTable(Strict):
    """MLflow past the proxy, if the suite may reach it."""

    url: Url = Field(description=URL_FORM)


class ClientTable(Strict):
    """How clients reach the store by themselves, if artifacts are direct."""

    region: str = Field(default="us-east-1", min_length=1, description="the bucket's region")
    endpoint: Url | None = Field(default=None, description="the URL of the S3 service, if it is not AWS's own")
    access_key: Secret = Field(description="a table with one of variable, file and command")
    secret_key: Secret = Field(description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")


class ArtifactsTable(Strict):
    """How artifacts are declared to move."""

    uploads: Literal["proxied", "presigned", "direct"] = Field(
        default="proxied", description='"proxied", "presigned" or "direct"'
    )
    downloads: Literal["proxied", "presigned", "direct"] | None = Field(
        default=None, description='"proxied", "presigned" or "direct"; what the server announces if it is left out'
    )
    client: ClientTable | None = Field(
        default=None, description="a table with access_key and secret_key, two secrets, of what is direct"
    )

    @model_validator(mode="after")
    def _all_or_nothing(self) -> ArtifactsTable:
        if len({self.uploads == "direct", self.downloads == "direct", self.client is not None}) != 1:
            raise ValueError("all of direct uploads, direct downloads and [artifacts.client], or none")
        return self


class BucketTable(Strict):
    """How to look into the bucket; without it no check sees what was stored."""

    name: str = Field(min_length=3, description="the bucket's name")
    prefix: str = Field(default="", description="the prefix that artifacts lie under, without slashes at its ends")
    region: str = Field(default="us-east-1", min_length=1, description="the bucket's region")
    endpoint: Url = Field(description="the URL of the S3 service, as https://s3.eu-west-1.amazonaws.com")
    access_key: Secret = Field(description="a table with one of variable, file and command")
    secret_key: Secret = Field(description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")


class LogTable(Strict):
    """Where a part's log is read: a file, or a group of CloudWatch Logs, with the bucket's credentials or its own."""

    file: str | None = Field(default=None, min_length=1, description="the path of the log")
    group: str | None = Field(default=None, min_length=1, description="the name of a log group of CloudWatch Logs")
    region: str = Field(default="us-east-1", min_length=1, description="the region of the log group")
    endpoint: Url | None = Field(default=None, description="the URL of the logs service, if it is not AWS's own")
    access_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    secret_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")

    @model_validator(mode="after")
    def _one_place(self) -> LogTable:
        if (self.file is None) == (self.group is None):
            raise ValueError("exactly one of file and group")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("both of access_key and secret_key, or none")
        return self


class AccessLogTable(Strict):
    """Where requests to the bucket are logged."""

    bucket: str = Field(min_length=3, description="the name of the bucket that holds the log")
    prefix: str = Field(default="", description="the prefix of the log's objects")


class IdentityTable(Strict):
    """Whoever an identity provider vouches for."""

    provider: str = Field(
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/\S+$|^[\w.-]+$",
        description="the ARN of an identity provider in IAM, or the name of one that AWS knows",
    )
    subject: str = Field(
        min_length=1, description="the subject of its tokens, as system:serviceaccount:NAMESPACE:NAME, or a pattern"
    )
    audience: str = Field(default="", description="the audience of its tokens, as sts.amazonaws.com")


class InfrastructureTable(Strict):
    """What bucket, role and logs are to be; looked at with the bucket's credentials or its own."""

    account: str | None = Field(
        default=None, pattern=r"^\d{12}$", description="the number of an AWS account, 12 digits"
    )
    region: str | None = Field(default=None, min_length=1, description="a region, as eu-west-1")
    bucket: str | None = Field(default=None, min_length=3, description="the bucket's name, where no [bucket] says it")
    prefix: str | None = Field(default=None, description="the prefix of artifacts, where no [bucket] says it")
    role: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$",
        description="the ARN of the role that MLflow runs with, as arn:aws:iam::123456789012:role/NAME",
    )
    trusted: list[str] = Field(
        default_factory=list,
        description="services, and principals by their ARN, that may take on the role, a list of texts",
    )
    identities: list[IdentityTable] = Field(
        default_factory=list,
        description="tables with provider, subject and audience: whose tokens the role may be taken on with",
    )
    vpc_endpoints: list[str] = Field(
        default_factory=list, description="VPC endpoints that the server reaches S3 through, as vpce-0a1b2c3d"
    )
    vpc: str | None = Field(default=None, pattern=r"^vpc-\w+$", description="the VPC that the server runs in")
    networks: list[str] = Field(
        default_factory=list, description="networks that the server's requests come from, as 203.0.113.0/24"
    )
    replicas: list[str] = Field(
        default_factory=list, description="buckets that S3 may replicate artifacts to, a list of names"
    )
    refuse_customer_keys: bool = Field(
        default=False, description="true if uploads with a key of the client's (SSE-C) are to be refused"
    )
    principal_tags: dict[str, str] = Field(
        default_factory=dict, description="a table of the tags that the server's role or its sessions have"
    )
    organization: str | None = Field(
        default=None, pattern=r"^o-\w+$", description="the organisation of AWS that the account belongs to"
    )
    encryption: Literal["AES256", "aws:kms", "none"] = Field(
        default="AES256", description='"AES256", "aws:kms" or "none"'
    )
    kms_key: str | None = Field(
        default=None, pattern=r"^arn:aws[a-z-]*:kms:\S+$", description="the ARN of a KMS key, with encryption aws:kms"
    )
    noncurrent_days: int = Field(default=90, gt=0, description="days, a whole number above 0")
    abort_days: int = Field(
        default=7, ge=0, description="days, a whole number; 0 where the store aborts uploads by itself, as MinIO does"
    )
    access_log: AccessLogTable | None = Field(default=None, description="a table with bucket and prefix")
    log_groups: dict[str, int] = Field(
        default_factory=dict, description="a table of log groups, each with the days that it keeps lines at least"
    )
    endpoint: Url | None = Field(default=None, description="the URL of IAM, STS and logs, if it is not AWS's own")
    access_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    secret_key: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")

    @model_validator(mode="after")
    def _go_together(self) -> InfrastructureTable:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("both of access_key and secret_key, or none")
        for each in self.networks:
            ipaddress.ip_network(each)  # its own message names the network that is none
        if (self.kms_key is not None) != (self.encryption == "aws:kms"):
            raise ValueError('both of encryption = "aws:kms" and kms_key, or none')
        return self


class PermissionsTable(Strict):
    """What is declared of MLflow's own permissions."""

    default: Literal["NO_PERMISSIONS", "READ", "EDIT", "MANAGE"] = Field(
        description="what a user may do with what nobody granted: " + ", ".join(LETS)
    )


class TransfersTable(Strict):
    """What is declared of large bodies, and of slow ones."""

    megabytes: int = Field(
        default=0, ge=0, description="MiB of the largest body that must pass, a whole number; 0 for none declared"
    )
    kilobytes_per_second: float = Field(
        default=0.0, ge=0, description="the bandwidth of the slowest client, a number; 0 for none declared"
    )
    seconds: float = Field(default=60.0, gt=0, description="how long a body at that bandwidth takes, in seconds")


class TlsTable(Strict):
    """What is declared of TLS."""

    floor: Literal["TLSv1.2", "TLSv1.3"] = Field(default="TLSv1.2", description='"TLSv1.2" or "TLSv1.3"')


class BudgetTable(Strict):
    """What one run may cost the target at most."""

    requests: int = Field(default=20_000, gt=0, description="how many requests, a whole number above 0")
    megabytes: int = Field(default=500, gt=0, description="how many MiB uploaded, a whole number above 0")
    objects: int = Field(default=5_000, gt=0, description="how many uploads, a whole number above 0")
    seconds: int = Field(default=1_800, gt=0, description="how long, in seconds, a whole number above 0")


class LoadBudgets(Strict):
    """What is declared of the target under load; what is left out is not judged."""

    rate: float | None = Field(default=None, gt=0, description="requests a second that are reached, a number above 0")
    p95: float | None = Field(default=None, gt=0, description="seconds, a number above 0")
    errors: float | None = Field(default=None, ge=0, le=1, description="a share from 0 to 1")
    recovery: float | None = Field(default=None, gt=0, description="seconds, a number above 0")


class LoadTable(Strict):
    """What one load may cost the target at most; without it none is put on the target."""

    requests: int = Field(gt=0, description="how many requests, a whole number above 0")
    megabytes: int = Field(gt=0, description="how many MiB uploaded, a whole number above 0")
    objects: int = Field(gt=0, description="how many uploads, a whole number above 0")
    rate: float = Field(gt=0, description="how many requests a second, a number above 0")
    seconds: int = Field(default=3_600, gt=0, description="how long, in seconds, a whole number above 0")
    users: int = Field(default=50, gt=0, description="how many users at once, a whole number above 0")
    budgets: LoadBudgets = Field(default=LoadBudgets(), description="a table with rate, p95, errors and recovery")


class TimeoutsTable(Strict):
    """How long a client waits, and when the run gives the target up."""

    answer: float = Field(default=30.0, gt=0, description="seconds to wait for an answer, a number above 0")
    client: float = Field(
        default=60.0, gt=0, description="seconds without progress after which a client is given up, a number above 0"
    )
    dead_answers: int = Field(default=5, gt=0, description="how many dead answers in a row end the run, above 0")


class CleanupTable(Strict):
    """How what MLflow keeps after a deletion is removed for good."""

    purge: list[str] = Field(
        min_length=1, description="a program and its arguments; the ids of deleted experiments are appended, by commas"
    )


class ExpectedFailure(Strict):
    """A requirement that is known to be broken there: strict, with a reason, until a date."""

    requirement: str = Field(pattern=r"^[A-Z]{3}-\d{3}$", description="a requirement's id, as ART-012")
    reason: str = Field(min_length=10, description="why, in a sentence")
    expires: date = Field(description="a date, as 2027-01-31")


class Profile(Strict):
    """One environment; once it is read from a file, it tells where in it something stands."""

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
    register_release: int = Field(
        default=0, ge=0, description="the release of the register that is asked, 0 for the newest"
    )
    features: dict[FeatureName, bool] = Field(
        default_factory=dict, description="a table of true and false for: " + ", ".join(get_args(FeatureName))
    )
    permissions: PermissionsTable | None = Field(
        default=None, description="a table with default, of MLflow's own permissions"
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

    def read_from(self, file: Path, shown: str, text: str) -> Profile:
        """Return this profile, which was read from a file: how that is shown, and what it says."""
        self._folder, self._shown, self._text = file.parent, shown, text
        return self

    def at(self, where: str) -> str:
        """Return a place in the file with its line, as ``staging.toml:7: keys.writer``."""
        line = line_of(self._text, tuple(where.split(".")))
        return f"{self._shown}:{line}: {where}" if self._shown else where

    def next_to(self, path: str) -> Path:
        """Return a path that the file names: in the user's home, or from the file's own folder on."""
        return (self._folder / Path(path).expanduser()).resolve()
