"""Models that become unreadable, undeletable or someone else's: archiving, retention, replication, key, payer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import key, of_account
from registry_conformance.judge.account.state import LifecycleRule, ObjectLock, Replica, State, Tiering
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_bucket

_STRANGER = "999999999999"


def _in_key(**fields: Any) -> Change:
    """Return the change that sets these settings of the KMS key; a callable gets the declared properties."""

    def change(state: State, declared: Declared) -> State:
        given = {name: made(declared) if callable(made) else made for name, made in fields.items()}
        return replace(state, key=Known(replace(key(declared), **given)))

    return change


def _key_lets_in(principal: str) -> Change:
    def policy(declared: Declared) -> Known[tuple[Statement, ...]]:
        return Known(
            (of_account(declared), Statement(actions=("kms:Decrypt",), resources=("*",), principals=(principal,)))
        )

    return _in_key(policy=policy)


def _archives(name: str, tier: str, days: int, prefix: str = "") -> AccountFault:
    return AccountFault(
        name=f"models-archived-{name}",
        layer="store",
        seen="models that nobody loaded for some months cannot be loaded: InvalidObjectState",
        cause=f"a configuration of Intelligent-Tiering moves objects that are not read to {tier}",
        remedy="remove the configuration: Intelligent-Tiering without archive tiers is read at once",
        requirements=("INF-023",),
        change=in_bucket(tiering=Known((Tiering("archive", ((tier, days),), prefix=prefix),))),
    )


def _retains(name: str, lock: ObjectLock) -> AccountFault:
    return AccountFault(
        name=f"versions-retained-{name}",
        layer="store",
        seen="a bill that grows: what was replaced or deleted stays, and nobody can remove it",
        cause=f"Object Lock retains each version for {lock.days} days in {lock.mode} mode",
        remedy="take the default retention away, or shorten it; versions that have it already keep it",
        requirements=("INF-024",),
        change=in_bucket(object_lock=Known(lock)),
    )


def _key_is(name: str, state: str, seen: str) -> AccountFault:
    return AccountFault(
        name=f"kms-key-{name}",
        layer="store",
        seen=seen,
        cause=f"the KMS key that encrypts the models is in the state {state}",
        remedy="cancel the key's deletion if it is pending, and enable the key",
        requirements=("INF-014",),
        change=_in_key(state=Known(state)),
        needs_kms=True,
    )


FAULTS = (
    _archives("when-unread", "ARCHIVE_ACCESS", 90),
    _archives("deeply-when-unread", "DEEP_ARCHIVE_ACCESS", 180, "artifacts/"),
    AccountFault(
        name="models-archived-on-a-date",
        layer="store",
        seen="every model becomes unreadable on one day: InvalidObjectState",
        cause="a lifecycle rule moves current objects under the prefix to DEEP_ARCHIVE on a date",
        remedy="remove the transition, or move to GLACIER_IR, which is read at once",
        requirements=("INF-021", "INF-022", "INF-023"),
        change=in_bucket(
            lifecycle=Known((LifecycleRule("a", prefix="artifacts/1/", moves=(("DEEP_ARCHIVE", "on 2030-01-01"),)),))
        ),
    ),
    _retains("by-compliance", ObjectLock("COMPLIANCE", 3650)),
    _retains("by-governance", ObjectLock("GOVERNANCE", 365)),
    AccountFault(
        name="mfa-delete-on",
        layer="store",
        seen="a bill that grows: no lifecycle can be set, and nobody but the root user deletes a version",
        cause="versions of the bucket are deleted with a device of the root user only",
        remedy="switch MFA delete off, as the root user",
        requirements=("INF-018",),
        change=in_bucket(mfa_delete=Known(value=True)),
    ),
    AccountFault(
        name="models-deleted-with-their-bucket",
        layer="infrastructure",
        seen="nothing, until somebody destroys what the plan makes: then every version of every model is gone",
        cause="the plan empties the bucket before it removes it: force_destroy of Terraform, autoDeleteObjects of CDK",
        remedy="leave force_destroy and autoDeleteObjects off, and empty a bucket by hand if it is to go",
        requirements=("INF-028",),
        change=in_bucket(emptied=Known(value=True)),
    ),
    AccountFault(
        name="requester-pays",
        layer="store",
        seen="a role of another account, and tools that send no x-amz-request-payer, are 403",
        cause="requests to the bucket are paid for by whoever makes them",
        remedy="have the bucket's owner pay",
        requirements=("INF-016",),
        change=in_bucket(payer=Known("Requester")),
    ),
    AccountFault(
        name="models-replicated-to-a-stranger",
        layer="infrastructure",
        seen="nothing: every model is copied to a bucket of another account",
        cause="a rule of replication copies objects to another account",
        remedy="remove the rule, or declare the bucket under infrastructure.replicas",
        requirements=("INF-017",),
        change=in_bucket(replication=Known((Replica("theirs", _STRANGER),))),
    ),
    _key_is("disabled", "Disabled", "every upload and download is 500: KMS.DisabledException"),
    _key_is(
        "to-be-deleted",
        "PendingDeletion",
        "every upload and download is 500: KMS.KMSInvalidStateException; once the key is gone, the models are lost",
    ),
    AccountFault(
        name="kms-key-for-another-account",
        layer="infrastructure",
        seen="nothing: another account decrypts what it copied or was given",
        cause="the policy of the KMS key lets another account decrypt with it",
        remedy="let the account's own policies decide who uses the key, and nobody else",
        requirements=("INF-015",),
        change=_key_lets_in(f"AWS:arn:aws:iam::{_STRANGER}:root"),
        needs_kms=True,
    ),
    AccountFault(
        name="kms-key-for-everyone",
        layer="infrastructure",
        seen="nothing: any account decrypts what it copied or was given",
        cause="the policy of the KMS key lets everyone decrypt with it",
        remedy="let the account's own policies decide who uses the key, and nobody else",
        requirements=("INF-015",),
        change=_key_lets_in("*"),
        needs_kms=True,
    ),
    AccountFault(
        name="kms-key-granted-to-a-stranger",
        layer="infrastructure",
        seen="nothing: a role of another account decrypts what it copied or was given",
        cause="a grant of the KMS key lets a role of another account use it, past the key's policy",
        remedy="revoke the grant",
        requirements=("INF-015",),
        change=_in_key(grants=Known((f"arn:aws:iam::{_STRANGER}:role/reader",))),
        needs_kms=True,
    ),
)
