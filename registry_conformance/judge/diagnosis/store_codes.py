"""Error codes of S3 in facts, and the layers that must fix them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry_conformance.judge.diagnosis.facts import Fact, Facts

_OF_THE_ROLE = frozenset(
    {
        "AccessDenied", "AllAccessDisabled", "AuthorizationHeaderMalformed", "ExpiredToken", "InvalidAccessKeyId",
        "InvalidToken", "KMS", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
    }
)  # fmt: skip
_NO_CODES = frozenset(
    {
        "BadRequest", "Forbidden", "InvalidRequest", "MovedPermanently", "NoCredentials", "NoSuchKey", "NoSuchUpload",
        "NotFound", "Unauthorized", "Unavailable", "checksum", "locked", "none", "reset", "timeout", "tls",
        "unreachable",
    }
)  # fmt: skip
"""What a value can say of the store that is no code of S3's, or is one that many harmless requests get."""
_IN_VALUE = re.compile(r"s3:([\w.]+)")
_IN_LOG = re.compile(r"(?<!\S)(?:(\w+):)?([A-Z][\w.]+)(?!\S)")
LOG = "log.s3.O"
_NO_ROOM = (
    "the store has no room left for what is written",
    "free space or add some; old versions of objects and abandoned uploads in parts take room too",
)
_QUOTA = (
    "the bucket's quota is used up",
    "raise the bucket's quota, or remove what is not needed, such as old versions and abandoned uploads in parts",
)
_NOT_WHOLE = (
    "too few of the store's servers or disks work for what is asked",
    "look at the store's own health and log, and bring its servers and disks back",
)
MEANS = {
    "AuthorizationHeaderMalformed": (
        "MLflow signs its requests for another region than the bucket's",
        "set AWS_DEFAULT_REGION of MLflow to the region of the bucket, and start it anew",
    ),
    "EntityTooLarge": (
        "the file is larger than the store takes in one request",
        "raise that limit of the store, or have MLflow upload in parts (MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD)",
    ),
    "ExpiredToken": (
        "the session token that MLflow uses at the store has expired",
        "renew it; where a role gives it, have MLflow read it anew",
    ),
    "InvalidAccessKeyId": (
        "the store does not know MLflow's access key",
        "give MLflow an access key of this store, or correct MLFLOW_S3_ENDPOINT_URL",
    ),
    "InsufficientStorage": _NO_ROOM,
    "InvalidBucketName": (
        "what MLflow names as the bucket is no name of one",
        "correct the bucket in --artifacts-destination: s3://BUCKET/FOLDER, with neither host nor port in it",
    ),
    "InvalidObjectState": (
        "objects lie in an archive class, from which they must be restored before they can be read",
        "have them kept in a class that is read at once: MLFLOW_S3_UPLOAD_EXTRA_ARGS, and the bucket's lifecycle rules",
    ),
    "KMS": (
        "MLflow's role may not use the KMS key that the bucket encrypts with",
        "allow kms:GenerateDataKey and kms:Decrypt on that key to MLflow's role, in the role's policy and in the key's",
    ),
    "NoSuchBucket": (
        "the bucket that MLflow names is not there",
        "make it, or correct --artifacts-destination; look at MLFLOW_S3_ENDPOINT_URL too: it may be another store's",
    ),
    "QuotaExceeded": _QUOTA,
    "RequestTimeTooSkewed": (
        "the clocks of MLflow's machine and of the store differ by more than a quarter of an hour",
        "have both clocks set by NTP",
    ),
    "SignatureDoesNotMatch": (
        "the secret is another one, or what stands before the store changes the Host header or the path",
        "correct AWS_SECRET_ACCESS_KEY; have a proxy before the store pass Host and path on as they come",
    ),
    "SlowDownRead": _NOT_WHOLE,
    "SlowDownWrite": _NOT_WHOLE,
    "XMinioAdminBucketQuotaExceeded": _QUOTA,
    "XMinioBackendDown": _NOT_WHOLE,
    "XMinioServerNotInitialized": _NOT_WHOLE,
    "XMinioStorageFull": _NO_ROOM,
}
"""Error code -> what it means where MLflow asks, and what mends it."""


def codes_of(fact: Fact) -> frozenset[str]:
    """Return the S3 error codes in a fact's value."""
    found = [code for _, code in _IN_LOG.findall(fact.value)] if fact.name == LOG else _IN_VALUE.findall(fact.value)
    return frozenset(code for code in found if code not in _NO_CODES and not code.isdigit())


def store_codes(facts: Iterable[Fact]) -> frozenset[str]:
    """Return all S3 error codes in some facts."""
    return frozenset(code for fact in facts for code in codes_of(fact))


def refused_operations(facts: Facts, code: str) -> list[str]:
    """Return the S3 operations that MLflow's log reports as rejected with a code."""
    log = facts.value(LOG)
    return [operation for operation, refused in _IN_LOG.findall(log) if operation and refused == code]


def meaning_of(code: str) -> tuple[str, str]:
    """Return what a code means where MLflow asks, and what mends it; the first is empty if that is not known."""
    return MEANS.get(code, ("", f"look {code} up in the documentation of the store, and correct what it names"))


def layer_of(code: str) -> str:
    """Return the layer where a rejection with this code is fixed."""
    return "iam" if code in _OF_THE_ROLE or code.startswith("KMS") else "store"
