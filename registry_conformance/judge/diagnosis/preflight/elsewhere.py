"""What an MLflow client does at another place than the address that is tested: models, artifacts."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import REGISTRY, Finding
from registry_conformance.judge.diagnosis.probes.artifact_host import unreached_host
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.target import Door

_LIST = f"{ARTIFACTS}/artifacts"
_USUAL_PORTS = {"http": 80, "https": 443}
_NOT_SERVED = re.compile(r"serving is disabled|no-serve-artifacts", re.IGNORECASE)
"""How MLflow says that it serves no artifacts."""


def models_elsewhere(door: Door) -> Finding | None:
    """Return that the client's own settings send its models to another place than this door."""
    if not door.registry or _place(door.registry) == _place(door.url):
        return None
    shown, _ = _place(door.registry)
    sentence = (
        f"MLFLOW_REGISTRY_URI of this environment sends models to {shown}, and not to {door.url}: runs go to one "
        "server, registered models to another"
    )
    return Finding(REGISTRY, sentence, REGISTRY.remedy)


def _place(address: str) -> tuple[str, str]:
    """Return an address as messages show it, without user and usual port, and its path: alike for one place."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "an address that cannot be read", address
    if not parts.hostname:
        return parts.scheme or parts.path, address
    named = port not in (None, _USUAL_PORTS.get(parts.scheme))
    return f"{parts.scheme}://{parts.hostname}{f':{port}' if named else ''}", parts.path.rstrip("/")


def locations(met: Exchange) -> tuple[str, ...]:
    """Return the artifact locations of the experiments that a search shows."""
    said = met.json() if met.ok else None
    listed = said.get("experiments") if isinstance(said, dict) else None
    shown = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return tuple(str(each.get("artifact_location")) for each in shown)


def artifacts_elsewhere(asking: Asking, answer: Exchange) -> str:
    """Return the host that serves artifacts in the door's place, empty if the door does, or nobody is seen to.

    The MLflow client uploads to the host that an artifact location names. It stands for the door only where the MLflow
    at the door says that it serves none: several names may lead to one server.
    """
    own = urlsplit(asking.door.url).netloc
    for location in locations(answer):
        named = urlsplit(location)
        if named.scheme != "mlflow-artifacts" or not named.hostname or named.netloc == own:
            continue
        if unreached_host(location, asking.door) or not _NOT_SERVED.search(asking.ask(_LIST, keyed=True).text[:4000]):
            continue
        return named.netloc
    return ""
