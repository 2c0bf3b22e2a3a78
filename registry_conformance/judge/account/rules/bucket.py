"""The bucket: region, owner, versioning, encryption, access."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.fact import Known, Unreadable
from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import FLAGS, BucketState, State
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict

_TELLING = ("region", "versioning", "encryption", "public_access", "policy", "ownership", "lifecycle", "access_log")
"""Facts of which one that can be read shows that there is a bucket."""


def _bucket(state: State) -> BucketState:
    return standing(state.bucket, "bucket")


def _exists(state: State, declared: Declared) -> Finding:
    found = value(state.bucket, f"the bucket {declared.bucket}")
    if all(isinstance(getattr(found, name), Unreadable) for name in _TELLING):
        value(found.region, "the bucket")
    return judged(True, f"the bucket {declared.bucket}", found.name)


def _region(state: State, declared: Declared) -> Finding:
    needs_declared(declared.region, "region")
    found = value(_bucket(state).region, "the bucket's region")
    elsewhere = f"{found}: what is signed for {declared.region} is redirected or refused there"
    return judged(found == declared.region, f"the region {declared.region}", elsewhere)


def _account(state: State, declared: Declared) -> Finding:
    needs_declared(declared.account, "account")
    found = value(_bucket(state).account, "the bucket's account")
    refused = f"one of {found}: S3 refuses it to whoever expects {declared.account} to own it"
    return judged(found == declared.account, f"a bucket of the account {declared.account}", refused)


def _versioning(state: State, _: Declared) -> Finding:
    found = value(_bucket(state).versioning, "versioning", absent="never enabled")
    return judged(found == "Enabled", "versioning Enabled", f"versioning {found}")


def _encryption(state: State, declared: Declared) -> Finding:
    needs_declared("" if declared.encryption == "none" else declared.encryption, "encryption")
    found = value(_bucket(state).encryption, "default encryption")
    expected = f"default encryption by {declared.encryption}"
    return judged(found.algorithm == declared.encryption, expected, f"by {found.algorithm}")


def _kms_key(state: State, declared: Declared) -> Finding:
    needs_declared(declared.kms_key, "kms_key")
    found = standing(_bucket(state).encryption, "default encryption")
    key = value(found.key, "the KMS key", absent="none: the account's aws/s3 key, if any")
    if "alias/" in key and not key.endswith("alias/aws/s3"):
        raise Undecided(Verdict.INCONCLUSIVE, f"default encryption names {key}; which key that is now is not told")
    same = key == declared.kms_key or declared.kms_key.endswith(f":key/{key}")
    elsewhere = account_of(key) not in {"", declared.owner}
    whose = f", of the account {account_of(key)}, which decides who reads the models" if elsewhere else ""
    return judged(same, f"the key {declared.kms_key}", f"{key}{whose}")


def _bucket_key(state: State, declared: Declared) -> Finding:
    needs_declared(declared.kms_key, "kms_key")
    found = standing(_bucket(state).encryption, "default encryption")
    return judged(found.bucket_key, "a bucket key, so that KMS is asked seldom", "none: KMS is asked for each object")


def _public_access(state: State, _: Declared) -> Finding:
    found = value(_bucket(state).public_access, "the public access block", absent=frozenset())
    off = [flag for flag in FLAGS if flag not in found]
    return judged(not off, f"{', '.join(FLAGS)} all on", f"off: {', '.join(off)}" if off else "all on")


def _ownership(state: State, _: Declared) -> Finding:
    found = value(_bucket(state).ownership, "object ownership", absent="not set")
    return judged(found == "BucketOwnerEnforced", "object ownership BucketOwnerEnforced", found)


def _grants(state: State, _: Declared) -> Finding:
    bucket = _bucket(state)
    expected = "an ACL that is for the owner alone"
    if bucket.ownership == Known("BucketOwnerEnforced"):
        return judged(True, expected, "ACLs are off")
    found = value(bucket.grants, "the ACL", absent=())
    return judged(not found, expected, "; ".join(found) or "the owner alone")


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "INF-001": _exists,
        "INF-002": _region,
        "INF-003": _account,
        "INF-004": _versioning,
        "INF-005": _encryption,
        "INF-006": _kms_key,
        "INF-007": _bucket_key,
        "INF-008": _public_access,
        "INF-012": _ownership,
        "INF-013": _grants,
    }
)
