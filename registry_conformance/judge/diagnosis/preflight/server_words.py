"""MLflow's own error messages that name a failed part behind it."""

from __future__ import annotations

import re

from registry_conformance.judge.diagnosis.preflight.finding import OPERATORS, Kind
from registry_conformance.judge.evidence.responder import DRIVER

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
    "database-fails", "database", "MLflow's database fails",
    "look at the database: whether it runs, is reached and has room; after an update of MLflow, `mlflow db upgrade`",
    OPERATORS,
)  # fmt: skip
_DATABASE_LOCKED = Kind(
    "database-locked", "database", "something else holds a lock in MLflow's database",
    "end what holds the lock: a backup, a transaction that was left open, a second server on the same SQLite file; "
    "SQLite lets one process write at a time, so that several servers need PostgreSQL or MySQL",
    OPERATORS,
)  # fmt: skip
_DATABASE_RIGHT = Kind(
    "database-denies", "database", "MLflow's user lacks a right in the database",
    "grant MLflow's user of the database SELECT, INSERT, UPDATE and DELETE on all of its tables, and the right to "
    "make new ones",
    OPERATORS,
)  # fmt: skip
_DATABASE_READ_ONLY = Kind(
    "database-read-only", "database", "MLflow's database takes no writes",
    "give MLflow the address of the primary database, and no copy for reading; or make this one writable again",
    OPERATORS,
)  # fmt: skip
_DATABASE_CHARACTERS = Kind(
    "database-characters", "database", "MLflow's database does not take every character",
    "convert the database and its tables to UTF-8 (in MySQL and MariaDB utf8mb4), and start MLflow anew",
    OPERATORS,
)  # fmt: skip
_DATABASE_CONNECTIONS = Kind(
    "database-connections", "database", "MLflow's database takes no more connections",
    "raise the limit of connections of the database or of MLflow's user there, or have fewer workers of MLflow, with "
    "smaller pools (MLFLOW_SQLALCHEMYSTORE_POOL_SIZE)",
    OPERATORS,
)  # fmt: skip
_DATABASE_LOGIN = Kind(
    "database-login", "database", "MLflow's database refuses MLflow's user or password",
    "correct user and password in --backend-store-uri, or set an expired password anew in the database, and start "
    "MLflow anew",
    OPERATORS,
)  # fmt: skip
_DATABASE_ACCESS = Kind(
    "database-refuses-connections", "database", "MLflow's database admits no connection from MLflow as it comes",
    "have it admit MLflow's address, user and database in its rules of who may connect from where, or connect as it "
    "asks, as over TLS (an option of the driver at the end of --backend-store-uri, such as ?sslmode=require)",
    OPERATORS,
)  # fmt: skip
_DATABASE_ROWS = Kind(
    "database-row-security", "database", "row-level security of the database refuses what MLflow writes",
    "switch row-level security off for MLflow's tables, or add a policy that lets MLflow's user read and write all of "
    "their rows: rights on the tables are not enough",
    OPERATORS,
)  # fmt: skip
_DATABASE_COLUMN = Kind(
    "database-column-too-short", "database", "a column of MLflow's database is shorter than MLflow takes it to be",
    "compare the columns with those of a database that MLflow made itself (`mlflow db upgrade` on an empty one): the "
    "schema was made by hand, or a migration stopped halfway; widen the one that its message names",
    OPERATORS,
)  # fmt: skip
_DATABASE_SCHEMA = Kind(
    "database-schema", "database", "MLflow's database lacks a table or a column",
    "if its message names a table of MLflow's, run `mlflow db upgrade` with the version of MLflow that runs, after a "
    "backup, or restore all of its tables if the database was restored; if it names another one, a trigger or a view "
    "in the database asks for that: mend it or take it out",
    OPERATORS,
)  # fmt: skip
_ENDPOINT = Kind(
    "store-endpoint-names-bucket", "store",
    "MLflow asks for a list of its bucket, and the store reads a name of an object",
    "correct MLFLOW_S3_ENDPOINT_URL: it is the store's address alone, scheme, host and port; the bucket stands in "
    "--artifacts-destination",
    OPERATORS,
)  # fmt: skip
_SIGNED = Kind(
    "store-signature-of-queries", "store", "the store takes uploads, and calls the signature of lists wrong",
    "have what stands between MLflow and the store pass the query of each request on as it comes: it is signed; "
    "a wrong secret would fail on uploads too",
    OPERATORS,
)  # fmt: skip
_REGISTRY_STORE = Kind(
    "registry-store-unusable", "mlflow", "MLflow has no registry of models: its registry store is none that it can use",
    "start MLflow without --registry-store-uri, or with the address of a database: what clients set "
    "(MLFLOW_REGISTRY_URI) is nothing for a server",
    OPERATORS,
)  # fmt: skip
_KEY = Kind(
    "store-key-denied", "iam", "MLflow's role may not use the KMS key of its bucket",
    "allow kms:GenerateDataKey and kms:Decrypt on the key that the bucket encrypts with to MLflow's role, in the "
    "role's policy and in the key's",
    OPERATORS,
)  # fmt: skip
_POLICY = Kind(
    "store-policy-denies", "iam", "a policy other than that of MLflow's role denies it the store",
    "correct the policy that its message names: of the bucket, of the VPC endpoint, of the organisation or of the "
    "session; rights that are added to MLflow's role do not help against it",
    OPERATORS,
)  # fmt: skip
_SOURCES = Kind(
    "model-sources-refused", "mlflow", "MLflow's own setting for the sources of model versions does not allow this one",
    "have MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX of the MLflow server match the sources that its clients "
    "send (mlflow-artifacts:/..., and models:/m-... of clients of MLflow 3), or unset it",
    OPERATORS,
)  # fmt: skip
_SOURCE_REFUSED = r"Invalid model version source: '[^']*'\.\s*(?:\"|\Z)"
"""How MLflow refuses a source that its setting does not match: of all other reasons it says more."""
_OTHER_POLICY = (
    r"explicit deny in an? (?!identity)\S+|no (?:VPC endpoint|service control|session|resource control) policy allows"
)
"""How AWS names the policy that denies, if it is another one than the role's."""
_FAILED = DRIVER + r"(?![\s\S]{0,60}(?:UNIQUE constraint failed|duplicate key value|Duplicate entry))"
"""How the words of a database begin that fails; one that finds a name or an id in use works."""
_LIST_OF_A_KEY = r"Failed to list artifacts in s3://\S+ The specified key does not exist"
_LIST_UNSIGNED = r"Failed to list artifacts in s3://\S+ The request signature we calculated does not match"
_TABLE = (
    (r"Model registry functionality is unavailable", _REGISTRY_STORE),
    (_SOURCE_REFUSED, _SOURCES),
    (_LIST_OF_A_KEY, _ENDPOINT),
    (_LIST_UNSIGNED, _SIGNED),
    (r"Unable to locate credentials|NoCredentialsError|Partial credentials found", _CREDENTIALS),
    (r"not authorized to perform: kms:", _KEY),
    (_OTHER_POLICY, _POLICY),
    (r"Could not connect to the endpoint URL|EndpointConnectionError|Connect timeout on endpoint URL", _STORE),
    (r"\[Errno 28\]|No space left on device|database or disk is full", _FULL),
    (r"\[Errno (?:13|30)\]", _FOLDER),
    (r"row-level security", _DATABASE_ROWS),
    (
        r"InsufficientPrivilege|permission denied for (?:table|relation|sequence|schema)|command denied to",
        _DATABASE_RIGHT,
    ),
    (r"read-only transaction|--(?:super-)?read-only option|attempt to write a readonly database", _DATABASE_READ_ONLY),
    (r"Incorrect string value|has no equivalent in encoding", _DATABASE_CHARACTERS),
    (r"[Tt]oo many (?:clients|connections)|remaining connection slots", _DATABASE_CONNECTIONS),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects|insecure transport|not allowed to connect", _DATABASE_ACCESS),
    (
        r"Data too long for column|value too long for type|StringDataRightTruncation|\(1406, ",
        _DATABASE_COLUMN,
    ),
    (r"password authentication failed|\((?:1045|1820|1862), ", _DATABASE_LOGIN),
    (r"no such (?:table|column)|Undefined(?:Table|Column)|\((?:1146|1054), ", _DATABASE_SCHEMA),
    (
        r"database (?:table )?is locked|Lock wait timeout exceeded|due to lock timeout|[Dd]eadlock (?:found|detected)",
        _DATABASE_LOCKED,
    ),
    (_FAILED, _DATABASE),
)
SERVER_KINDS = (
    _CREDENTIALS, _REGISTRY_STORE, _SIGNED, _KEY, _POLICY, _STORE, _ENDPOINT, _FULL, _FOLDER, _DATABASE_RIGHT,
    _DATABASE_ROWS, _DATABASE_ACCESS, _DATABASE_COLUMN, _DATABASE_READ_ONLY, _DATABASE_CHARACTERS,
    _DATABASE_CONNECTIONS, _DATABASE_LOGIN, _DATABASE_SCHEMA, _DATABASE_LOCKED, _DATABASE, _SOURCES,
)  # fmt: skip
"""Every kind, for the guide."""


def passed_on(said: str) -> bool:
    """Return whether MLflow passes on what a part or a setting of its own says, whatever status it gives to that."""
    told = (
        rf"\({_FAILED}",
        "Model registry functionality is unavailable",
        _LIST_OF_A_KEY,
        _LIST_UNSIGNED,
        _SOURCE_REFUSED,
    )
    return re.search("|".join(told), said) is not None


def server_words(said: str) -> Kind | None:
    """Return the part that an error message of MLflow is about, ``None`` if unknown."""
    return next((kind for pattern, kind in _TABLE if re.search(pattern, said)), None)
