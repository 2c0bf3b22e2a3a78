"""Applies a ``Proxy`` value to the reference listeners: pure changes of Envoy's configuration."""

from __future__ import annotations

from typing import Any

from registry_conformance.lab.deployment import CERTIFICATES, Proxy
from registry_conformance.lab.stack import certificate
from registry_conformance.lab.stack.envoy_routes import ProxyError

Document = dict[str, Any]

_FILES = dict(
    zip(
        CERTIFICATES,
        (certificate.CERTIFICATE, certificate.EXPIRED, certificate.ELSEWHERE, certificate.STRANGER),
        strict=True,
    )
)
_SHIPPED = Proxy()
"""The value that the shipped documents stand for: of a setting that it has, too, the document is left as it is."""
_OLD = ("TLSv1_0", "TLSv1_1")
"""Versions that no cipher suite which is safe can be spoken in."""
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_SETTINGS = {
    "max_request_headers_kb": "headers_kb",
    "preserve_external_request_id": "keeps_request_id",
    "always_set_request_id_in_response": "returns_request_id",
}
"""Field of Envoy's connection manager -> the setting that it has the value of."""
_PACKED = {
    "name": "compressor",
    "typed_config": {
        "@type": f"{_FILTERS}.compressor.v3.Compressor",
        "response_direction_config": {"common_config": {"min_content_length": 30}},
        "compressor_library": {
            "name": "gzip",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"},
        },
    },
}


def apply(proxy: Proxy, document: Document) -> None:
    """Change the listeners; raise ``ProxyError`` for an unknown certificate."""
    if proxy.certificate not in _FILES:
        raise ProxyError(f"unknown certificate: {proxy.certificate}; there are {', '.join(CERTIFICATES)}")
    plain, secure = document["resources"]
    for listener in (plain, secure):
        _manage(proxy, listener["filter_chains"][0]["filters"][0]["typed_config"])
    context = secure["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
    if proxy.tls_floor != _SHIPPED.tls_floor:
        context["tls_params"]["tls_minimum_protocol_version"] = proxy.tls_floor
    if proxy.tls_floor in _OLD:
        context["tls_params"]["cipher_suites"] = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"]
    if proxy.certificate != _SHIPPED.certificate:
        shown = context["tls_certificates"][0]
        file = shown["certificate_chain"]["filename"].replace(certificate.CERTIFICATE, _FILES[proxy.certificate])
        shown["certificate_chain"]["filename"] = shown["private_key"]["filename"] = file  # it holds both
    if not proxy.tls:
        document["resources"].remove(secure)


def _manage(proxy: Proxy, manager: Document) -> None:
    """Change the settings of a listener's connection manager."""
    if not proxy.normalises:
        manager.update(normalize_path=False, merge_slashes=False, path_with_escaped_slashes_action="KEEP_UNCHANGED")
    if proxy.takes_underscores:
        manager["common_http_protocol_options"]["headers_with_underscores_action"] = "ALLOW"
    for name, setting in _SETTINGS.items():
        if (value := getattr(proxy, setting)) != getattr(_SHIPPED, setting):
            manager[name] = value
    if proxy.banner:
        manager["server_header_transformation"] = "OVERWRITE"
    if proxy.logs_keys:
        manager["access_log"][0]["typed_config"]["log_format"]["json_format"]["key"] = "%REQ(AUTHORIZATION)%"
    if not proxy.json_replies:
        del manager["local_reply_config"]
    filters = {each["name"]: each for each in manager["http_filters"]}
    _admit(proxy, filters["auth"]["typed_config"])
    if proxy.trusts_identity:
        filters["headers"]["typed_config"]["mutations"]["request_mutations"] = [
            mutation
            for mutation in filters["headers"]["typed_config"]["mutations"]["request_mutations"]
            if "append" in mutation
        ]
    kept = [each for each in manager["http_filters"] if each["name"] != "errors" or proxy.json_errors]
    manager["http_filters"] = [*_gathering(proxy), *kept]
    if proxy.compresses:
        manager["http_filters"].insert(0, _PACKED)


def _admit(proxy: Proxy, asking: Document) -> None:
    """Change how the auth service is called, and how its answer is used."""
    if proxy.fails_open:
        asking["failure_mode_allow"] = True
    if proxy.status_on_error != _SHIPPED.status_on_error:
        asking["status_on_error"] = {"code": proxy.status_on_error}
    if not proxy.tells_identity:
        del asking["http_service"]["authorization_response"]["allowed_upstream_headers"]


def _gathering(proxy: Proxy) -> list[Document]:
    """Return the filter that buffers request bodies, if there is one."""
    if proxy.buffer is None:
        return []
    settings = {"@type": f"{_FILTERS}.buffer.v3.Buffer", "max_request_bytes": proxy.buffer}
    return [{"name": "buffer", "typed_config": settings}]
