"""Causes in presigned URLs: their host, and their lifetime."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="presigned-host-unreachable",
        layer="proxy",
        symptom="downloads-fail",
        sentence="the proxy rewrites the store's address in answers to one that clients cannot reach",
        remedy="do not rewrite answer bodies; set MLFLOW_S3_ENDPOINT_URL to an address that clients reach",
        requirements=("ART-014", "ART-052"),
        clues=(
            must("follow.P", "(refused|timeout|name|reset)", 2),
            must("follow.O", "200", 2),
            clue("presign.P", "200"),
        ),
        follows=("follow", "multipart"),
    ),
    Cause(
        id="presigned-names-internal-store",
        layer="mlflow",
        symptom="downloads-fail",
        sentence="presigned URLs name the store as MLflow knows it, where no client can reach it",
        remedy="set MLFLOW_S3_ENDPOINT_URL to a name that clients reach too, or have clients set "
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD=false",
        requirements=("ART-014", "ART-052"),
        clues=(
            must("follow.P", "(refused|timeout|name|reset)", 2),
            must("follow.O", "(refused|timeout|name|reset)", 2),
            clue("presign.P", "200"),
        ),
        follows=("follow", "multipart"),
    ),
    Cause(
        id="presigned-ends-at-once",
        layer="mlflow",
        symptom="downloads-fail",
        sentence="MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS is 1",
        remedy="set MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS to 300",
        requirements=("ART-060",),
        clues=(must("follow.lasts.P", "seconds", 3),),
        follows=("follow",),
    ),
    Cause(
        id="presigned-lasts-a-week",
        layer="mlflow",
        symptom="too-open",
        sentence="MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS is 604800",
        remedy="set MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS to 300",
        requirements=("ART-015",),
        clues=(must("follow.lasts.P", "long", 3),),
    ),
)
