"""Causes in MLflow's credentials for the store, and in the rights of its role: the store's own words tell them."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, Clue, clue, must, never, of
from registry_conformance.judge.diagnosis.causes.follows import BYTES


def says(fact: str, *codes: str, weight: float = 2.0) -> Clue:
    """Return a clue that an answer or a log speaks of one of these S3 errors."""
    return must(fact, f".*s3:({'|'.join(codes)})", weight)


def logs(*codes: str) -> Clue:
    """Return a clue that MLflow's log speaks of one of these S3 errors."""
    return clue("log.s3.O", f".*({'|'.join(codes)})", 2)


CAUSES: tuple[Cause, ...] = (
    of(
        "put-object-denied",
        "uploads-fail",
        must("put.P", "(5|403)"),
        must("multipart.create.P", "(5|403)"),
        must("seed.get.P", "200 whole", 1),
        must("list.P", "200", 1),
        clue("put.O", "(5|403)"),
        logs("PutObject:AccessDenied"),
        never("put.P", "403 json PERMISSION_DENIED$"),
        follows=BYTES,
    ),
    of(
        "encryption-key-denied",
        "uploads-fail",
        must("put.P", "(5|403)"),
        must("multipart.create.P", "200"),
        must("multipart.part.P", "403", 1),
        must("list.P", "200", 1),
        clue("seed.get.P", "200 whole"),
        logs("PutObject:AccessDenied", "KMS"),
        follows=BYTES,
    ),
    of(
        "get-object-denied",
        "downloads-fail",
        must("get.P", "(500|403) json .*s3:(Forbidden|AccessDenied)", 3),
        must("list.P", "200", 1),
        must("put.P", "200", 1),
        clue("get.O", "(500|403)"),
        clue("presign.P", "403"),
        follows=BYTES,
    ),
    of(
        "list-bucket-denied",
        "downloads-fail",
        must("list.P", "403 json PERMISSION_DENIED s3:AccessDenied", 3),
        must("put.P", "200", 1),
        clue("presign.P", "200"),
        clue("list.O", "403"),
        follows=BYTES,
    ),
    of(
        "abort-multipart-denied",
        "deletes",
        must("multipart.abort.P", "(5|403)", 3),
        must("multipart.create.P", "200", 1),
        logs("AbortMultipartUpload:AccessDenied"),
        clue("multipart.abort.O", "(5|403)"),
    ),
    of(
        "store-denies-everything",
        "uploads-fail",
        must("list.P", "403 json PERMISSION_DENIED s3:AccessDenied"),
        must("put.P", "(5|403)"),
        clue("presign.P", "403"),
        clue("seed.get.P", "403"),
        logs("PutObject:AccessDenied"),
        follows=BYTES,
    ),
    of(
        "secret-key-wrong",
        "uploads-fail",
        must("list.P", "401 json UNAUTHENTICATED"),
        must("doors.search.P", "all 200", 1),
        must("list.O", "401 json UNAUTHENTICATED"),
        logs("SignatureDoesNotMatch", "InvalidAccessKeyId"),
        follows=BYTES,
    ),
    of(
        "credentials-missing",
        "uploads-fail",
        must("put.P", "5"),
        says("list.P", "NoCredentials", weight=3),
        logs("NoCredentials"),
        follows=BYTES,
    ),
    of(
        "session-token-expired",
        "uploads-fail",
        must("put.P", "(5|400)"),
        says("list.P", "ExpiredToken", "InvalidToken", weight=3),
        logs("ExpiredToken"),
        follows=BYTES,
    ),
    of(
        "clock-of-mlflow-is-wrong",
        "uploads-fail",
        must("put.P", "(5|403)"),
        says("list.P", "RequestTimeTooSkewed", weight=3),
        logs("RequestTimeTooSkewed"),
        follows=BYTES,
    ),
    of(
        "region-wrong",
        "uploads-fail",
        must("put.P", "(5|400)"),
        says("list.P", "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocation\\w+", weight=3),
        logs("AuthorizationHeaderMalformed"),
        follows=BYTES,
    ),
)
