"""The state of an account as far as it concerns the deployment; the same whether observed or planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unsupported
from registry_conformance.judge.account.permission import AccessDecision
from registry_conformance.judge.account.statement import Statement

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
"""The four switches of a public access block."""

DAYS_A_YEAR = 365
"""How Object Lock counts a year of retention."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """Default encryption: ``AES256``, ``aws:kms`` or ``aws:kms:dsse``, the KMS key, whether a bucket key is used.

    ``blocked`` are the kinds of encryption that no upload may ask for, as ``SSE-C``.
    """

    algorithm: str
    key: Fact[str] = Absent()  # noqa: RUF009 - frozen, and equal to any other
    bucket_key: bool = False
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One lifecycle rule. It concerns objects under ``prefix``, and only some of these if it is ``narrowed``.

    ``expires`` says when current objects go, ``moves`` when to which storage class, empty if they do not; days are
    counted as S3 counts them, 0 if the rule does not speak of it. ``keeps`` is how many noncurrent versions stay.
    """

    name: str
    enabled: bool = True
    prefix: str = ""
    narrowed: bool = False
    expires: str = ""
    moves: tuple[tuple[str, str], ...] = ()
    noncurrent_days: int = 0
    keeps: int = 0
    abort_days: int = 0


@dataclass(frozen=True, slots=True)
class Tiering:
    """One configuration of Intelligent-Tiering: the archive tiers that objects of that class move to when unread.

    ``tiers`` are tier -> days; ``prefix``, ``narrowed`` and ``enabled`` are as those of a lifecycle rule.
    """

    name: str
    tiers: tuple[tuple[str, int], ...]
    enabled: bool = True
    prefix: str = ""
    narrowed: bool = False


@dataclass(frozen=True, slots=True)
class Replica:
    """One rule of replication that is in force: to which bucket it copies, and whose that is, empty if nobody says."""

    bucket: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """Object Lock's default retention: ``GOVERNANCE`` or ``COMPLIANCE``, empty for none; for how many days."""

    mode: str = ""
    days: int = 0


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A way to the bucket under a name of its own, and its policy.

    ``alias`` is how the ARN of one of several regions ends, empty while that is not known, ``None`` for one of one
    region. ``service`` is that of its ARN: one of Object Lambda, before another one, has its own.
    """

    name: str
    policy: Fact[tuple[Statement, ...]] = Absent()  # noqa: RUF009 - frozen, and equal to any other
    alias: str | None = field(default=None, compare=False)
    service: str = field(default="s3", compare=False)


@dataclass(frozen=True, slots=True)
class Called:
    """A function that the bucket calls when something happens to its objects, and what the function's role may do.

    ``by`` are the topics, queues and rules of EventBridge on the way to it, in their order.
    """

    function: str
    statements: Fact[tuple[Statement, ...]]
    by: tuple[str, ...] = ()


ANYBODY = "anybody"
"""Whose it is where whoever asks is given artifacts."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """What takes artifacts, or their names, elsewhere: by what, to where, and whose that is, empty if nobody says.

    ``verb`` is how a finding tells what it does with them, ``declare`` what would settle whose it is. It concerns
    objects under ``prefix``. ``unread`` is why nothing is known of this kind of outlet, empty for one that is known.
    """

    by: str
    to: str
    account: str = ""
    verb: str = "takes them to"
    declare: str = "declare infrastructure.replicas"
    prefix: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True)
class BucketState:
    """The artifact bucket. ``grants`` are the ACL's entries for others than the owner, as ``READ to AllUsers``.

    ``payer`` is who pays for requests, ``mfa_delete`` whether versions are deleted with a device only. ``calls`` are
    the functions of AWS Lambda that its notifications go to. ``emptied`` says whether a plan deletes what is in the
    bucket when it removes it; no account shows that.
    """

    name: str
    region: Fact[str]
    account: Fact[str]
    versioning: Fact[str]
    encryption: Fact[Encryption]
    public_access: Fact[frozenset[str]]
    policy: Fact[tuple[Statement, ...]]
    ownership: Fact[str]
    grants: Fact[tuple[str, ...]]
    lifecycle: Fact[tuple[LifecycleRule, ...]]
    access_log: Fact[tuple[str, str]]
    mfa_delete: Fact[bool] = Known(value=False)  # noqa: RUF009 - frozen, and equal to any other
    payer: Fact[str] = Known("BucketOwner")  # noqa: RUF009 - as above
    object_lock: Fact[ObjectLock] = Absent()  # noqa: RUF009 - as above
    replication: Fact[tuple[Replica, ...]] = Known(())  # noqa: RUF009 - as above
    tiering: Fact[tuple[Tiering, ...]] = Known(())  # noqa: RUF009 - as above
    access_points: Fact[tuple[AccessPoint, ...]] = Known(())  # noqa: RUF009 - as above
    calls: Fact[tuple[Called, ...]] = Known(())  # noqa: RUF009 - as above
    outlets: Fact[tuple[Outlet, ...]] = Known(())  # noqa: RUF009 - as above
    emptied: Fact[bool] = field(default=Unsupported("only a plan says what it deletes"), compare=False)


@dataclass(frozen=True, slots=True)
class KeyState:
    """The KMS key: its state as KMS calls it (``Enabled``, ``PendingDeletion``), its policy, who has grants of it."""

    arn: str
    state: Fact[str]
    policy: Fact[tuple[Statement, ...]]
    grants: Fact[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RoleState:
    """The server's role: ``trust`` says who may take it on, ``statements`` are all its policies', inline and attached.

    ``boundary`` are those of its permissions boundary. ``simulated`` maps an action to what IAM's own simulator says
    where the deployment needs it, as far as it could say anything.
    """

    arn: str
    trust: Fact[tuple[Statement, ...]]
    statements: Fact[tuple[Statement, ...]]
    boundary: Fact[tuple[Statement, ...]] = Absent()  # noqa: RUF009 - frozen, and equal to any other
    simulated: Fact[Mapping[str, AccessDecision]] = field(default=Unsupported("nothing was simulated"), compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """An account: its bucket, the server's role, log group -> how many days it keeps lines (0 for ever), the key.

    ``named_roles`` are the account's other roles that policies of these name: ARN -> who may take them on.
    ``roles`` are all of its roles beside the server's, as far as a plan has them: it never shows all of an account.
    """

    bucket: Fact[BucketState]
    role: Fact[RoleState]
    log_groups: Mapping[str, Fact[int]] = field(default_factory=lambda: MappingProxyType({}))
    key: Fact[KeyState] = Absent()  # noqa: RUF009 - frozen, and equal to any other
    named_roles: Mapping[str, Fact[tuple[Statement, ...]]] = field(default_factory=lambda: MappingProxyType({}))
    roles: Fact[tuple[RoleState, ...]] = field(default=Known(()), compare=False)
