"""The bucket itself: missing, in another region, unversioned, unencrypted."""

from __future__ import annotations

from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.state import Encryption
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, in_bucket, without

OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"


def _without_bucket_key(declared: Declared) -> Known[Encryption]:
    return Known(Encryption("aws:kms", Known(declared.kms_key)))


FAULTS = (
    AccountFault(
        name="bucket-never-made",
        layer="infrastructure",
        seen="registration works, every upload is 500: NoSuchBucket",
        cause="the artifact bucket is not there, or has another name",
        remedy="make the bucket under the declared name",
        requirements=("INF-001",),
        change=without("bucket"),
        incidents=("S9",),
    ),
    AccountFault(
        name="bucket-in-another-region",
        layer="infrastructure",
        seen="every artifact request is slower and paid for twice; with a wrong region in MLflow it is an error",
        cause="the bucket was made in another region than the deployment's",
        remedy="make a bucket in the declared region, copy the artifacts, and point MLflow to it",
        requirements=("INF-002",),
        change=in_bucket(region=Known("eu-central-1")),
        incidents=("S11",),
    ),
    AccountFault(
        name="bucket-of-another-account",
        layer="infrastructure",
        seen="all is well until somebody else's bucket is closed, or read by them",
        cause="the bucket of that name is another account's",
        remedy="make a bucket in the declared account, copy the artifacts, and point MLflow to it",
        requirements=("INF-003",),
        change=in_bucket(account=Known("another account")),
    ),
    AccountFault(
        name="versioning-never-enabled",
        layer="store",
        seen="an artifact that is overwritten or deleted is gone for good",
        cause="versioning was never enabled",
        remedy="enable versioning",
        requirements=("INF-004",),
        change=in_bucket(versioning=Absent()),
        incidents=("S20",),
    ),
    AccountFault(
        name="versioning-suspended",
        layer="store",
        seen="artifacts from before can be brought back, those since cannot",
        cause="versioning was suspended",
        remedy="enable versioning again",
        requirements=("INF-004",),
        change=in_bucket(versioning=Known("Suspended")),
        incidents=("S20",),
    ),
    AccountFault(
        name="encryption-not-configured",
        layer="store",
        seen="nothing, until an audit",
        cause="the bucket has no default encryption",
        remedy="set default encryption to what is declared",
        requirements=("INF-005",),
        change=in_bucket(encryption=Absent()),
        incidents=("S20",),
    ),
    AccountFault(
        name="encryption-without-kms",
        layer="store",
        seen="nothing, until an audit: objects are encrypted with S3's own keys, which nobody can withdraw",
        cause="default encryption is AES256 where KMS is declared",
        remedy="set default encryption to aws:kms with the declared key, and write existing objects anew",
        requirements=("INF-005", "INF-006", "INF-007"),
        change=in_bucket(encryption=Known(Encryption("AES256"))),
        needs_kms=True,
    ),
    AccountFault(
        name="encryption-with-another-key",
        layer="store",
        seen="uploads are 500 once the role may use the declared key only",
        cause="default encryption names another KMS key",
        remedy="set default encryption to aws:kms with the declared key, and write existing objects anew",
        requirements=("INF-006",),
        change=in_bucket(encryption=Known(Encryption("aws:kms", Known(OTHER_KEY), bucket_key=True))),
        needs_kms=True,
    ),
    AccountFault(
        name="bucket-key-off",
        layer="store",
        seen="a bill for KMS that grows with each object, and throttling by KMS under load",
        cause="KMS is asked for a key for each object",
        remedy="switch the bucket key on",
        requirements=("INF-007",),
        change=in_bucket(encryption=_without_bucket_key),
        needs_kms=True,
    ),
)
