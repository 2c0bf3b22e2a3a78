"""Applies a ``Proxy`` value to the reference clusters: pure changes of Envoy's configuration."""

from __future__ import annotations

from typing import Any

from registry_conformance.lab.deployment import Proxy

Address = tuple[str, int]

_NOBODY = {"socket_address": {"address": "127.0.0.1", "port_value": 1}}
_SILENT_RESOLVER = {
    "name": "envoy.network.dns_resolver.cares",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        "resolvers": [_NOBODY],
    },
}
"""No external resolver is configured: it would receive queries for names that do not exist."""


def apply(proxy: Proxy, document: dict[str, Any], mlflow: Address, auth: Address) -> None:
    """Set addresses, and change how Envoy connects to MLflow."""
    for cluster in document["resources"]:
        endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        if cluster["name"] == "auth":
            point(endpoint["address"], auth)
            continue
        point(endpoint["address"], mlflow)
        if proxy.upstream:
            host, _, port = proxy.upstream.rpartition(":")
            point(endpoint["address"], (host, int(port)))
            cluster["cluster_type"]["typed_config"]["typed_dns_resolver_config"] = _SILENT_RESOLVER
        if proxy.upstream_tls:
            kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
            cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": kind}}


def point(place: dict[str, Any], address: Address) -> None:
    """Change host and port in an address of Envoy's configuration; keep its other fields."""
    place["socket_address"].update(address=address[0], port_value=address[1])
