"""What the MLflow client says itself of why it failed: its exception names cause and remedy better than any status."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight.finding import OPERATORS, WORKSPACE, Finding, Kind
from registry_conformance.judge.diagnosis.server_version import lacks_logged_models, version_of_server


@dataclass(frozen=True, slots=True)
class _Words:
    """How such an exception reads, and its kind."""

    pattern: re.Pattern[str]
    kind: Kind


def _words(pattern: str, kind: Kind) -> _Words:
    return _Words(re.compile(pattern, re.IGNORECASE | re.DOTALL), kind)


_SIGV4 = Kind(
    "client-sigv4", "client", "MLFLOW_TRACKING_AWS_SIGV4 is set on the client, which cannot sign requests so",
    "unset MLFLOW_TRACKING_AWS_SIGV4; if the registry wants it, install requests-auth-aws-sigv4",
)  # fmt: skip
_DIRECT = Kind(
    "artifacts-past-mlflow", "mlflow", "clients are sent to the artifact store themselves, and have no access to it",
    "start MLflow with --artifacts-destination at the bucket, and without --default-artifact-root or with "
    "mlflow-artifacts:/; experiments made before keep their location",
    OPERATORS,
)  # fmt: skip
_OTHER_HOST = Kind(
    "artifacts-at-another-host", "mlflow", "artifacts are sent to another host, which the client does not reach",
    "have MLflow name a location that clients reach: mlflow-artifacts:/ without a host",
    OPERATORS,
)  # fmt: skip
_DISK = Kind(
    "artifacts-on-a-disk", "mlflow", "artifacts are to be kept under a path on the client's own disk",
    "start MLflow with --serve-artifacts and --artifacts-destination, and without a path as --default-artifact-root; "
    "experiments made before keep their location",
    OPERATORS,
)  # fmt: skip
_CERTIFICATE = Kind(
    "client-distrusts-certificate", "client", "the MLflow client does not trust the certificate that it is shown",
    "name the file of the authority in MLFLOW_TRACKING_SERVER_CERT_PATH",
)  # fmt: skip
_FORWARD = Kind(
    "client-forward-proxy", "client", "the MLflow client goes through a proxy that does not let it through",
    "correct HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY",
)  # fmt: skip
_OLD = Kind(
    "server-lacks-logged-models", "mlflow", "the server has no logged models, which clients of MLflow 3 write",
    "use a client of the server's own major version, or have the server updated to MLflow 3",
    OPERATORS,
)  # fmt: skip
_ON_THE_WAY = (
    _words(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed", _CERTIFICATE),
    _words(r"Unable to connect to proxy|ProxyError|Tunnel connection failed", _FORWARD),
)
"""What names a host that is reached well enough, and no other host that artifacts are sent to."""
_TABLE = (
    _words(r"workspaces? (?:\S+ )?(?:is|are) not (?:supported|enabled)|does not support workspaces", WORKSPACE),
    _words(r"No module named 'requests_auth_aws_sigv4'|AWSSigV4", _SIGV4),
    _words(r"Unable to locate credentials|NoCredentialsError|Partial credentials found", _DIRECT),
    _words(r"No module named '(?:boto3|botocore|google\.cloud\S*|azure\S*|pysftp)'", _DIRECT),
    _words(r"a place on this machine's own disk", _DISK),
)
_CONNECTS = re.compile(
    r"(?:NameResolutionError|NewConnectionError|ConnectTimeout|Failed to resolve|"
    r"Could not connect to the endpoint URL)",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"host='(?P<host>[^']+)'(?:, port=(?P<port>\d+))?|endpoint URL: \"\w+://(?P<endpoint>[^/:\"]+)")
CLIENT_KINDS = (_SIGV4, _DIRECT, _OTHER_HOST, _DISK, _CERTIFICATE, _FORWARD, _OLD)
"""Every kind that only the client's words tell, for the guide."""


def client_words(said: Iterable[str], doors: Collection[str]) -> Finding | None:
    """Return what the exceptions of an MLflow client mean, ``None`` if they say nothing that is known.

    ``doors`` are the URLs of the doors: who cannot reach another host or port was sent there by what MLflow answered.
    """
    for text in said:
        if found := _known(text, _ON_THE_WAY) or _elsewhere(text, doors) or _known(text, _TABLE):
            return found
    return None


def _known(text: str, table: Iterable[_Words]) -> Finding | None:
    kind = next((words.kind for words in table if words.pattern.search(text)), None)
    return Finding(kind, kind.title, kind.remedy, (_quoted(text),)) if kind else None


def older_server(facts: Facts, said: Iterable[str]) -> Finding | None:
    """Return that a server is older than a client of MLflow 3 needs, by its own word and by what that client ``said``.

    ``None`` if the client ended otherwise.
    """
    met = next((text for text in said if "logged-models" in text), "")
    if not met or not lacks_logged_models(facts):
        return None
    return Finding(_OLD, for_older_clients(facts), _OLD.remedy, (facts["first.version.P"].sentence, _quoted(met)))


def for_older_clients(facts: Facts) -> str:
    """Return which clients an older server serves, as a sentence."""
    return (
        f"this server is MLflow {version_of_server(facts)}, as it says itself: clients of MLflow 3 cannot log models "
        "to it, those of its own major version can"
    )


def _elsewhere(text: str, doors: Collection[str]) -> Finding | None:
    met = _HOST.search(text)
    host = (met["host"] or met["endpoint"]) if met and _CONNECTS.search(text) else ""
    parts = [urlsplit(url) for url in doors]
    ports = {each.port or _PORTS.get(each.scheme) for each in parts if each.hostname == host}
    port = met["port"] if met else None
    if not host or not doors or (ports and (port is None or int(port) in ports)):
        return None
    host = f"{host}:{port}" if ports else host
    sentence = f"artifacts are sent to {host}, another host than the registry's, which the client does not reach"
    return Finding(_OTHER_HOST, sentence, _OTHER_HOST.remedy, (_quoted(text),))


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return f"the MLflow client says: {flat if len(flat) <= 200 else flat[:197] + '...'}"
