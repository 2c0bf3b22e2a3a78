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


def layer_of(code: str) -> str:
    """Return the layer where a rejection with this code is fixed."""
    return "iam" if code in _OF_THE_ROLE or code.startswith("KMS") else "store"
