"""Causes in MLflow's store credentials and the permissions of its role, by the store's error codes."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, Clue, clue, must, never
from registry_conformance.judge.diagnosis.causes.follows import BYTES


def says(fact: str, *codes: str, weight: float = 2.0) -> Clue:
    """Return a clue that a response or a log mentions one of these S3 errors."""
    return must(fact, f".*s3:({'|'.join(codes)})", weight)


def logs(*codes: str) -> Clue:
    """Return a clue that MLflow's log mentions one of these S3 errors."""
    return clue("log.s3.O", f".*({'|'.join(codes)})", 2)


CAUSES: tuple[Cause, ...] = (
    Cause(
        id="put-object-denied",
        layer="iam",
        symptom="uploads-fail",
        sentence="the role of MLflow lacks s3:PutObject on the artifact prefix",
        remedy="allow s3:PutObject on arn:aws:s3:::BUCKET/PREFIX/* in the role of MLflow",
        requirements=("REG-001", "REG-002", "ART-001", "RTE-003"),
        clues=(
            must("put.P", "(5|403)"),
            must("multipart.create.P", "(5|403)"),
            must("seed.get.P", "200 whole", 1),
            must("list.P", "200", 1),
            clue("put.O", "(5|403)"),
            logs("PutObject:AccessDenied"),
            never("put.P", "403 json PERMISSION_DENIED$"),
        ),
        follows=BYTES,
        codes=("AccessDenied",),
    ),
    Cause(
        id="encryption-key-denied",
        layer="iam",
        symptom="uploads-fail",
        sentence="the bucket encrypts with a KMS key that the role of MLflow may not use",
        remedy="allow kms:GenerateDataKey and kms:Decrypt on the bucket's key to the role of MLflow",
        requirements=("REG-001", "ART-001", "RTE-003"),
        clues=(
            must("put.P", "(5|403)"),
            must("multipart.create.P", "200"),
            must("multipart.part.P", "403", 1),
            must("list.P", "200", 1),
            clue("seed.get.P", "200 whole"),
            logs("PutObject:AccessDenied", "KMS"),
        ),
        follows=BYTES,
        codes=(
            "AccessDenied",
            "KMS",
        ),
    ),
    Cause(
        id="get-object-denied",
        layer="iam",
        symptom="downloads-fail",
        sentence="the role of MLflow lacks s3:GetObject on the artifact prefix",
        remedy="allow s3:GetObject on arn:aws:s3:::BUCKET/PREFIX/* in the role of MLflow",
        requirements=("ART-005", "RTE-004", "REG-015"),
        clues=(
            must("get.P", "(500|403) json .*s3:(Forbidden|AccessDenied)", 3),
            must("list.P", "200", 1),
            must("put.P", "200", 1),
            clue("get.O", "(500|403)"),
            clue("presign.P", "403"),
        ),
        follows=BYTES,
        codes=("AccessDenied",),
    ),
    Cause(
        id="list-bucket-denied",
        layer="iam",
        symptom="downloads-fail",
        sentence="the role of MLflow lacks s3:ListBucket, which is a right on the bucket and not on its objects",
        remedy="allow s3:ListBucket on arn:aws:s3:::BUCKET (without /*) in the role of MLflow",
        requirements=("ART-009", "RTE-005", "REG-015"),
        clues=(
            must("list.P", "403 json PERMISSION_DENIED s3:AccessDenied", 3),
            must("put.P", "200", 1),
            clue("presign.P", "200"),
            clue("list.O", "403"),
        ),
        follows=BYTES,
        codes=("AccessDenied",),
    ),
    Cause(
        id="abort-multipart-denied",
        layer="iam",
        symptom="deletes",
        sentence="the role of MLflow lacks s3:AbortMultipartUpload",
        remedy="allow s3:AbortMultipartUpload on arn:aws:s3:::BUCKET/PREFIX/* in the role of MLflow",
        requirements=("ART-017",),
        clues=(
            must("multipart.abort.P", "(5|403)", 3),
            must("multipart.create.P", "200", 1),
            logs("AbortMultipartUpload:AccessDenied"),
            clue("multipart.abort.O", "(5|403)"),
        ),
        codes=("AccessDenied",),
    ),
    Cause(
        id="store-denies-everything",
        layer="iam",
        symptom="uploads-fail",
        sentence="S3 denies MLflow everything in the bucket: no policy of its role is for this bucket, or the bucket's "
        "owner is not the account that MLFLOW_S3_EXPECTED_BUCKET_OWNER names",
        remedy="attach the policy of the artifact bucket to the role that MLflow runs with; if "
        "MLFLOW_S3_EXPECTED_BUCKET_OWNER is set, have it name the account that owns the bucket",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        clues=(
            must("list.P", "403 json PERMISSION_DENIED s3:AccessDenied"),
            must("put.P", "(5|403)"),
            clue("presign.P", "403"),
            clue("seed.get.P", "403"),
            logs("PutObject:AccessDenied"),
        ),
        follows=BYTES,
        codes=(
            "AccessDenied",
            "AllAccessDisabled",
        ),
    ),
    Cause(
        id="secret-key-wrong",
        layer="iam",
        symptom="uploads-fail",
        sentence="the server's secret key does not belong to its access key",
        remedy="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of MLflow from one and the same key pair",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        clues=(
            must("list.P", "401 json UNAUTHENTICATED"),
            must("doors.search.P", "all 200", 1),
            must("list.O", "401 json UNAUTHENTICATED"),
            logs("SignatureDoesNotMatch", "InvalidAccessKeyId"),
        ),
        follows=BYTES,
        codes=(
            "SignatureDoesNotMatch",
            "InvalidAccessKeyId",
        ),
    ),
    Cause(
        id="credentials-missing",
        layer="iam",
        symptom="uploads-fail",
        sentence="MLflow runs without credentials for the store: neither variables nor a role",
        remedy="give MLflow's task or pod its role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        clues=(
            must("put.P", "5"),
            says("list.P", "NoCredentials", weight=3),
            logs("NoCredentials"),
        ),
        follows=BYTES,
    ),
    Cause(
        id="session-token-expired",
        layer="iam",
        symptom="uploads-fail",
        sentence="MLflow was started with temporary credentials that nobody renews",
        remedy="give MLflow its role by the platform (task role, IRSA), which renews credentials, not by variables",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        clues=(
            must("put.P", "(5|400)"),
            says("list.P", "ExpiredToken", "InvalidToken", weight=3),
            logs("ExpiredToken"),
        ),
        follows=BYTES,
        codes=(
            "ExpiredToken",
            "InvalidToken",
        ),
    ),
    Cause(
        id="clock-of-mlflow-is-wrong",
        layer="iam",
        symptom="uploads-fail",
        sentence="the clock of MLflow's host is off by more than the store's fifteen minutes",
        remedy="have the host of MLflow keep its time by NTP",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        clues=(
            must("put.P", "(5|403)"),
            says("list.P", "RequestTimeTooSkewed", weight=3),
            logs("RequestTimeTooSkewed"),
        ),
        follows=BYTES,
        codes=("RequestTimeTooSkewed",),
    ),
    Cause(
        id="region-wrong",
        layer="iam",
        symptom="uploads-fail",
        sentence="MLflow signs for another region than the bucket's",
        remedy="set AWS_DEFAULT_REGION of MLflow to the bucket's region",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        clues=(
            must("put.P", "(5|400)"),
            says("list.P", "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocation\\w+", weight=3),
            logs("AuthorizationHeaderMalformed"),
        ),
        follows=BYTES,
        codes=(
            "AuthorizationHeaderMalformed",
            "PermanentRedirect",
            "TemporaryRedirect",
            "IllegalLocationConstraintException",
        ),
    ),
)
