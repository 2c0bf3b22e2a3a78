"""Faults of MLflow's access to the bucket: role, credentials, clock."""

from __future__ import annotations

from registry_conformance.lab.disturbance import SetHeader, When
from registry_conformance.lab.faults.change import on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, FOLDER
from registry_conformance.lab.faults.refusals_of_s3 import refusal
from registry_conformance.lab.faults.symptom import Ask, LogLine, Stores

_HEEDED = ("store-enforces-keys",)
_LIST = f"{FOLDER}{{run}}"
_UPLOADED = Ask("PUT", FILE, body="x", status="200")
_NO_KMS = "is not authorized to perform: kms:GenerateDataKey on the resource associated with this ciphertext"
_OTHER_REGION = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'"


FAULTS = (
    Fault(
        name="put-object-denied",
        layer="iam",
        seen="listing and downloading work, every upload is 500",
        change=part("mlflow", denied=frozenset({"s3:PutObject"})),
        symptoms=(Ask("PUT", FILE, body="x", status="500"), Ask("GET", _LIST, status="200")),
        incidents=("S5",),
        needs=_HEEDED,
    ),
    Fault(
        name="get-object-denied",
        layer="iam",
        seen="uploading and listing work, every download is an error",
        change=part("mlflow", denied=frozenset({"s3:GetObject"})),
        symptoms=(_UPLOADED, Ask("GET", FILE, status="[45]..", shows="Forbidden|Access Denied")),
        incidents=("S6",),
        needs=_HEEDED,
    ),
    Fault(
        name="list-bucket-denied",
        layer="iam",
        seen="uploading works, listing is 403",
        change=part("mlflow", denied=frozenset({"s3:ListBucket"})),
        symptoms=(_UPLOADED, Ask("GET", _LIST, status="403", shows="PERMISSION_DENIED")),
        incidents=("S7",),
        needs=_HEEDED,
    ),
    Fault(
        name="delete-object-denied",
        layer="iam",
        seen="deleting an artifact is 200, and it is still there",
        cause="deletions-have-no-effect",
        change=part("mlflow", denied=frozenset({"s3:DeleteObject"})),
        symptoms=(_UPLOADED, Ask("DELETE", FILE, status="200"), Stores("{run}/file")),
        incidents=("S8",),
        needs=_HEEDED,
    ),
    Fault(
        name="abort-multipart-denied",
        layer="iam",
        seen="uploads that fail pile up as invisible parts; giving one up is 500",
        change=part("mlflow", denied=frozenset({"s3:AbortMultipartUpload"})),
        symptoms=(
            Ask(
                "POST",
                "/api/2.0/mlflow-artifacts/mpu/abort/{run}",
                body='{"path": "file", "upload_id": "none"}',
                status="500",
            ),
            LogLine("mlflow", r"AccessDenied.*AbortMultipartUpload"),
        ),
        incidents=("S8",),
        needs=_HEEDED,
    ),
    Fault(
        name="store-denies-everything",
        layer="iam",
        seen="metadata fine, uploads 500, listing and downloading 403",
        change=part("mlflow", denied=frozenset({"s3:*"})),
        symptoms=(Ask("PUT", FILE, body="x", status="500"), Ask("GET", _LIST, status="403", shows="PERMISSION_DENIED")),
        incidents=("S10",),
        needs=_HEEDED,
    ),
    Fault(
        name="encryption-key-denied",
        layer="iam",
        seen="uploads are 500 though the role may put objects",
        change=on(
            "store", When(methods=("PUT",), path="^/[^/?]+/."), refusal(403, "AccessDenied", f"mlflow {_NO_KMS}")
        ),
        symptoms=(Ask("PUT", FILE, body="x", status="500"), LogLine("mlflow", "kms:GenerateDataKey")),
        incidents=("S5",),
    ),
    Fault(
        name="secret-key-wrong",
        layer="iam",
        seen="metadata fine, listing 401 with MLflow's own UNAUTHENTICATED, uploads 500",
        change=part("mlflow", environment=(("AWS_SECRET_ACCESS_KEY", "left-over-from-the-last-rotation"),)),
        symptoms=(Ask("GET", _LIST, status="401", shows="Failed to list artifacts"),),
        incidents=("S10", "A19"),
        needs=_HEEDED,
    ),
    Fault(
        name="credentials-missing",
        layer="iam",
        seen="metadata fine, every artifact route is 500",
        change=part(
            "mlflow",
            environment=(
                ("AWS_ACCESS_KEY_ID", ""),
                ("AWS_SECRET_ACCESS_KEY", ""),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ),
        ),
        symptoms=(
            Ask("PUT", FILE, body="x", status="500"),
            LogLine("mlflow", "NoCredentialsError|Unable to locate credentials"),
        ),
        incidents=("S10",),
    ),
    Fault(
        name="session-token-expired",
        layer="iam",
        seen="worked for hours, then every artifact route is 500 with 'The provided token has expired.'",
        change=on("store", When(), refusal(400, "ExpiredToken", "The provided token has expired.")),
        symptoms=(Ask("GET", _LIST, status="500", shows="provided token has expired"),),
        incidents=("S10",),
    ),
    Fault(
        name="clock-of-mlflow-is-wrong",
        layer="iam",
        seen="metadata fine, every artifact route is an error that speaks of time",
        change=on("store", When(), SetHeader("X-Amz-Date", "20240101T000000Z")),
        symptoms=(Ask("GET", _LIST, status="[45]..", shows="(?i)time"),),
        incidents=("S10",),
        needs=_HEEDED,
    ),
    Fault(
        name="region-wrong",
        layer="iam",
        seen="metadata fine, every artifact route is an error that names a region",
        change=on("store", When(), refusal(400, "AuthorizationHeaderMalformed", _OTHER_REGION)),
        symptoms=(Ask("GET", _LIST, status="[45]..", shows="region"),),
        incidents=("S11",),
    ),
)
