"""Faults between MLflow and the bucket."""

from __future__ import annotations

from registry_conformance.lab.faults.change import part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.symptom import Ask, Stores

_FILE = "/api/2.0/mlflow-artifacts/artifacts/{run}/file"


FAULTS = (
    Fault(
        name="bucket-missing",
        layer="mlflow",
        seen="listing is 404, uploading is 500, health is fine",
        requirements=("REG-001", "REG-002", "REG-008", "ART-001"),
        change=part("mlflow", destination="s3://no-such-bucket/artifacts"),
        symptoms=(Ask("PUT", _FILE, door="origin", key=None, body="x", status="500"),),
        incidents=("S9",),
    ),
    Fault(
        name="artifacts-on-local-disk",
        layer="mlflow",
        seen="uploads and downloads are 200, the bucket stays empty",
        change=part("mlflow", destination="./mlartifacts"),
        symptoms=(Ask("PUT", _FILE, body="x", status="200"), Stores("{run}/file", present=False)),
        incidents=("S2",),
    ),
    Fault(
        name="direct-artifact-root",
        layer="mlflow",
        seen="registration works, uploading raises NoCredentialsError",
        change=part("mlflow", destination="./mlartifacts", default_root="s3://{bucket}/{prefix}"),
        symptoms=(
            Ask("POST", "/api/2.0/mlflow/experiments/create", body='{"name": "{run}"}', status="200"),
            Ask("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name={run}", shows='"s3://'),
        ),
        incidents=("S1",),
    ),
)
