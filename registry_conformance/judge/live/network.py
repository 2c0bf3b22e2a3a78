"""The network of an environment: from its file, otherwise from the usual variables."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.machine import network_variable
from registry_conformance.judge.report.redact import SHORTEST
from registry_conformance.judge.shown_name import no_file
from registry_conformance.judge.target.network import Network

_YES = frozenset({"true", "1"})
"""What MLflow takes for yes in a variable of its own."""


def network_of(environment: EnvironmentFile) -> Network:
    """Return the network of an environment; ``EnvironmentFileError`` for an invalid variable or file."""
    table = environment.network
    no_proxy = ",".join(table.no_proxy) if table.no_proxy is not None else network_variable("NO_PROXY")
    network = usual_network(str(environment.next_to(table.ca_file)) if table.ca_file else "")
    if table.ca_file and (network.ca is None or not network.ca.is_file()):
        said = no_file(table.ca_file, environment.next_to(table.ca_file), "certificate authorities")
        raise EnvironmentFileError(f"{environment.at('network.ca_file')}: {said}")
    return Network(
        table.http_proxy or network.http_proxy,
        table.https_proxy or network.https_proxy,
        no_proxy,
        network.ca,
        ca_elsewhere=network.ca,
    )


def usual_network(ca: str = "") -> Network:
    """Return the network of the usual variables; ``ca`` replaces their certificate authorities for doors.

    Raises ``EnvironmentFileError`` that names the invalid variable.
    """
    proxies = {name: _proxy(name) for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    everything = proxies["ALL_PROXY"]
    names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
    by_name = {name: network_variable(name) for name in names}
    variable = next((name for name in names if by_name[name]), "")
    bundle = by_name[variable] if variable else ""
    if bundle and not ca:
        ca = bundle
        _need_authorities(variable, ca)
    return Network(
        proxies["HTTP_PROXY"] or everything,
        proxies["HTTPS_PROXY"] or everything,
        network_variable("NO_PROXY"),
        Path(ca) if ca else None,
        ca_elsewhere=Path(bundle) if bundle and Path(bundle).is_file() else None,
    )


def client_network() -> Network:
    """Return the network of the user's own MLflow client, including its TLS variables.

    Raises ``EnvironmentFileError`` that names the invalid variable.
    """
    authorities = network_variable("MLFLOW_TRACKING_SERVER_CERT_PATH")
    insecure = network_variable("MLFLOW_TRACKING_INSECURE_TLS").lower() in _YES
    if authorities and insecure:
        raise EnvironmentFileError(
            "MLFLOW_TRACKING_SERVER_CERT_PATH and MLFLOW_TRACKING_INSECURE_TLS are both set: the MLflow client ends "
            "with an error then; unset MLFLOW_TRACKING_INSECURE_TLS"
        )
    if authorities:
        _need_authorities("MLFLOW_TRACKING_SERVER_CERT_PATH", authorities)
    return replace(usual_network(authorities), insecure=insecure)


def _need_authorities(variable: str, file: str) -> None:
    """Raise ``EnvironmentFileError`` unless the file in a variable holds certificates of authorities."""
    if not Path(file).is_file():
        raise EnvironmentFileError(f"the environment variable {variable}: there is no file {file}; correct or unset it")
    try:
        ssl.create_default_context(cafile=file)
    except OSError as problem:  # ssl.SSLError is one
        raise EnvironmentFileError(
            f"the environment variable {variable}: {file} holds no certificates in PEM; correct or unset it"
        ) from problem


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL, ``None`` if its host or port cannot be read."""
    try:
        parts = urlsplit(url)
        usable = parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _proxy(name: str) -> str:
    """Return the forward proxy in a variable, empty if there is none."""
    given = network_variable(name)
    if not given:
        return ""
    parts = _parts(given if "://" in given else f"http://{given}")
    if parts is None or parts.scheme != "http" or not parts.hostname:
        raise EnvironmentFileError(
            f"the environment variable {name} is no URL of a forward proxy that this suite can use, "
            "as http://proxy.example:3128; correct or unset it"
        )
    if parts.password is not None and len(parts.password) < SHORTEST:
        raise EnvironmentFileError(
            f"the environment variable {name}: its password is shorter than {SHORTEST} characters"
        )
    return parts.geturl()
