"""What makes a model unreadable, undeletable, or somebody else's: the key, retention, replication, who pays."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.openings import openings
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import BucketState, KeyState, ObjectLock, State
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict


def _bucket(state: State) -> BucketState:
    return standing(state.bucket, "bucket")


def _key_works(state: State, declared: Declared) -> Finding:
    needs_declared(declared.kms_key, "kms_key")
    key = value(state.key, f"the KMS key {declared.kms_key}")
    found = value(key.state, _told_of("the state of the KMS key", declared))
    expected = f"{declared.kms_key} in the state Enabled"
    return judged(found == "Enabled", expected, f"{found}: what is encrypted with it cannot be read")


def _key_is_the_accounts(state: State, declared: Declared) -> Finding:
    needs_declared(declared.kms_key, "kms_key")
    key: KeyState = standing(state.key, "KMS key")
    own = {"", declared.owner, account_of(declared.kms_key)}
    policy = value(key.policy, _told_of("the policy of the KMS key", declared))
    found = [
        each
        for each in openings(policy, declared, about=(declared.kms_key,))
        if each.who == "*" or account_of(each.who) not in own - {""}
    ]
    told = [f"its policy: {each}" for each in found if not each.conditions]
    grants = value(key.grants, _told_of("the grants of the KMS key", declared), absent=())
    told += [f"a grant to {each}" for each in grants if account_of(each) not in own]
    if found and not told:
        raise Undecided(Verdict.INCONCLUSIVE, "; ".join(map(str, found)))
    return judged(not told, f"a KMS key for the account {declared.owner} alone", "; ".join(told) or "so it is")


def _told_of(what: str, declared: Declared) -> str:
    """Return how a finding names a thing of the key, and whose that is if it is another account's."""
    owner = account_of(declared.kms_key)
    return what if owner in {"", declared.owner} else f"{what}, which is of the account {owner},"


def _owner_pays(state: State, _: Declared) -> Finding:
    found = value(_bucket(state).payer, "who pays for requests", absent="BucketOwner")
    return judged(found == "BucketOwner", "requests that the bucket's owner pays for", f"{found} pays")


def _no_strange_copies(state: State, declared: Declared) -> Finding:
    found = value(_bucket(state).replication, "replication", absent=())
    others = [each for each in found if each.bucket not in declared.replicas and each.account != declared.owner]
    sure = [each for each in others if each.account or declared.replicas]
    expected = f"no copies but in {', '.join(declared.replicas) or f'buckets of the account {declared.owner}'}"
    if others and not sure:
        names = ", ".join(each.bucket for each in others)
        why = f"objects are replicated to {names}, and nobody says whose that is: declare infrastructure.replicas"
        raise Undecided(Verdict.INCONCLUSIVE, why)
    told = [f"{each.bucket}" + (f" of the account {each.account}" if each.account else "") for each in sure]
    return judged(not sure, expected, f"objects are replicated to {', '.join(told)}" if sure else "none")


def _deletes_without_a_device(state: State, _: Declared) -> Finding:
    found = value(_bucket(state).mfa_delete, "MFA delete", absent=False)
    actual = "MFA delete is on: S3 takes no lifecycle, and only the root user deletes a version" if found else "off"
    return judged(not found, "MFA delete is off", actual)


def _outlives_its_plan(state: State, _: Declared) -> Finding:
    found = value(_bucket(state).emptied, "what becomes of artifacts when the bucket is removed", absent=False)
    actual = "the plan replaces the bucket, or has it emptied when it is removed" if found else "so it is"
    return judged(not found, "a bucket that is not removed while artifacts are in it", actual)


def _lock_ends_in_time(state: State, declared: Declared) -> Finding:
    found = value(_bucket(state).object_lock, "Object Lock", absent=ObjectLock())
    wanted = declared.noncurrent_days
    held = f"each version is retained for {found.days} days in {found.mode} mode, which {_who_ends(found)}"
    actual = held if found.mode else "no retention by default"
    return judged(found.days <= wanted, f"no retention for longer than {wanted} days", actual)


def _who_ends(lock: ObjectLock) -> str:
    return "nobody may end" if lock.mode == "COMPLIANCE" else "only s3:BypassGovernanceRetention ends"


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "INF-014": _key_works,
        "INF-015": _key_is_the_accounts,
        "INF-016": _owner_pays,
        "INF-017": _no_strange_copies,
        "INF-018": _deletes_without_a_device,
        "INF-028": _outlives_its_plan,
        "INF-024": _lock_ends_in_time,
    }
)
