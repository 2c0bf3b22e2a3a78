"""MLflow's own error messages that name a failed part behind it."""

from __future__ import annotations

import re

from registry_conformance.judge.diagnosis.preflight.finding import OPERATORS, Kind

_CREDENTIALS = Kind(
    "mlflow-without-store-credentials", "iam", "MLflow has no credentials for the artifact store",
    "give MLflow credentials for the store: a role of its machine, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    OPERATORS,
)  # fmt: skip
_STORE = Kind(
    "mlflow-does-not-reach-store", "network", "MLflow does not reach the artifact store",
    "correct MLFLOW_S3_ENDPOINT_URL, or let MLflow's machine reach the store: name, port, certificate",
    OPERATORS,
)  # fmt: skip
_FULL = Kind(
    "disk-full", "mlflow", "a disk that MLflow writes to is full",
    "make room on the disk that its message names: artifacts, temporary files or the database",
    OPERATORS,
)  # fmt: skip
_FOLDER = Kind(
    "mlflow-may-not-write", "mlflow", "MLflow may not read or write a file of its machine",
    "let MLflow's user read and write the file that its message names; if it is one of artifacts, a bucket as "
    "--artifacts-destination does without",
    OPERATORS,
)  # fmt: skip
_DATABASE = Kind(
    "database-fails", "mlflow", "MLflow's database fails",
    "look at the database: whether it runs, is reached and has room; after an update of MLflow, `mlflow db upgrade`",
    OPERATORS,
)  # fmt: skip
_TABLE = (
    (r"Unable to locate credentials|NoCredentialsError|Partial credentials found", _CREDENTIALS),
    (r"Could not connect to the endpoint URL|EndpointConnectionError|Connect timeout on endpoint URL", _STORE),
    (r"\[Errno 28\]|No space left on device|database or disk is full", _FULL),
    (r"\[Errno (?:13|30)\]", _FOLDER),
    (r"(?:sqlite3|psycopg2?|pymysql|MySQLdb|sqlalchemy)\.|database is locked|no such table|UndefinedTable", _DATABASE),
)
SERVER_KINDS = (_CREDENTIALS, _STORE, _FULL, _FOLDER, _DATABASE)
"""Every kind, for the guide."""


def server_words(said: str) -> Kind | None:
    """Return the part that an error message of MLflow is about, ``None`` if unknown."""
    return next((kind for pattern, kind in _TABLE if re.search(pattern, said)), None)
