"""The host in an artifact location: the MLflow client uploads there, whatever its own tracking URI is."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.target.target import Door

_PORTS = {"http": 80, "https": 443}


def unreached_host(location: str, door: Door) -> str:
    """Return the host and port of a ``mlflow-artifacts`` location that this machine does not reach, empty if it does.

    A location without a host, or with the door's own, is served at the door. Nothing is sent to another host. One that
    is reached through a forward proxy is not tried.
    """
    named, own = urlsplit(location), urlsplit(door.url)
    if named.scheme != "mlflow-artifacts" or not named.hostname or named.netloc == own.netloc:
        return ""
    if door.network.proxy_for(f"{own.scheme}://{named.netloc}/"):
        return ""
    try:
        with authorize_connection(door):
            socket.create_connection((named.hostname, named.port or _PORTS[own.scheme]), door.patience).close()
    except (OSError, ValueError):  # a port or a name that cannot be is not reached either
        return named.netloc
    return ""
