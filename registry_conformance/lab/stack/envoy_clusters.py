"""What a ``Proxy`` value makes of the reference clusters: pure changes of the document that Envoy will read."""

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
"""Asked for a name that nobody has, a resolver elsewhere would be told of it."""


def apply(proxy: Proxy, document: dict[str, Any], mlflow: Address, auth: Address) -> None:
    """Put addresses in, and change how MLflow is spoken to."""
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
    """Have an address of Envoy's configuration point to another host and port; what else it says stays."""
    place["socket_address"].update(address=address[0], port_value=address[1])
