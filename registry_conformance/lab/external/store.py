"""An external S3 store: its URL and credentials, and what it cannot do."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from registry_conformance.lab.deployment import Deployment

_PORTS = {"http": 80, "https": 443}


class ExternalStoreError(ValueError):
    """A URL is not usable as a store; the message says why."""


@dataclass(frozen=True, slots=True)
class ExternalStore:
    """An S3 service at a URL, and credentials of an account that may create a bucket."""

    url: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or _PORTS[parts.scheme]

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible with it, empty if it is."""
        return store_lacks(self.url, deployment)


def store_lacks(store: str, deployment: Deployment) -> str:
    """Return why a store, by its URL or the name of its kind, cannot be had in a deployment; empty if it can."""
    if store == "versitygw" and deployment.mlflow.denied:
        return "versitygw hands out no credentials of a role that is denied something"
    if "://" not in store:
        return ""
    if deployment.mlflow.denied:
        return f"the store at {store} is not ours: nobody's role is changed there"
    if "store" in deployment.links.in_place and store.startswith("https:"):
        return f"the store at {store} is spoken to in TLS: nothing can stand on the link to it"
    return ""


def checked(url: str, *, from_containers: bool) -> str:
    """Return the URL of a store without a trailing slash; raise ``ExternalStoreError`` if it is unusable.

    A loopback URL is unusable from containers.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ExternalStoreError(
            "a URL with credentials stands in every log; give them by AWS_ACCESS_KEY_ID and its like"
        )
    if parts.scheme not in _PORTS or not parts.hostname or not _has_port(parts):
        raise ExternalStoreError("is no http(s) URL of an S3 service")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ExternalStoreError("leave out what follows the host: the suite makes a bucket of its own")
    if from_containers and _is_loopback(parts.hostname):
        raise ExternalStoreError("containers have a loopback of their own; name it by an address of this machine")
    return f"{parts.scheme}://{parts.netloc}"


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
