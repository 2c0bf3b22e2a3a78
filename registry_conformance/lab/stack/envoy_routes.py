"""Applies a ``Proxy`` value to the reference routes: pure changes of Envoy's configuration."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from registry_conformance.lab.deployment import DOORS, Proxy

FALLBACK = "unknown"
"""The route of whatever no other route is about."""
HEALTH = "health"
"""The route that needs no key, for reads."""

_ALL_DOORS = f"(?:{'|'.join(DOORS.values())})"
_SHIPPED = Proxy()
"""The value that the shipped document stands for: of a setting that it has, too, the document is left as it is."""
_OFF = {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
    "disabled": True,
}

Document = dict[str, Any]


class ProxyError(RuntimeError):
    """The proxy cannot be configured or started; the message says what to do."""


def families(document: Document) -> tuple[str, ...]:
    """Return the names of the route families, in the order of the routes."""
    return tuple(route["name"] for route in _host(document)["routes"] if route["name"] != FALLBACK)


def apply(proxy: Proxy, document: Document) -> None:
    """Change the routes; raise ``ProxyError`` for an unknown door or family."""
    _refuse_unknown(proxy, families(document))
    config, host = document["resources"][0], _host(document)
    served = [changed for route in host["routes"] for changed in _served(proxy, route)]
    for route in served:
        if action := route.get("route"):
            _forward(proxy, action)
    fallback = [route for route in host["routes"] if route["name"] == FALLBACK]
    limited = [] if proxy.body_limit is None else [_too_large(proxy.body_limit)]
    open_to_all = [_unguarded(route, regex) for regex in proxy.unguarded for route in served]
    host["routes"] = [*limited, *open_to_all, *served, *fallback]
    if proxy.redirects_to_tls:
        host["require_tls"] = "ALL"
    if not proxy.authenticates:
        _switch_auth_off(host)
    if proxy.retries != _SHIPPED.retries:
        host["retry_policy"]["num_retries"] = proxy.retries
    if proxy.retry_on:
        host["retry_policy"]["retry_on"] = proxy.retry_on
        host["include_request_attempt_count"] = True
    for side, headers in (("request", proxy.request_headers), ("response", proxy.answer_headers)):
        _set_headers(config, side, headers)


def _refuse_unknown(proxy: Proxy, known: tuple[str, ...]) -> None:
    doors = {*proxy.doors, *(door for door, _ in proxy.unrouted_at), *(door for door, _ in proxy.strips)}
    unknown = {*doors - set(DOORS), *{*proxy.unrouted, *(family for _, family in proxy.unrouted_at)} - set(known)}
    if unknown:
        raise ProxyError(
            f"unknown doors or route families: {', '.join(sorted(unknown))}; "
            f"doors: {', '.join(DOORS)}; families: {', '.join(known)}"
        )


def _served(proxy: Proxy, route: Document) -> Iterator[Document]:
    """Yield a family's route for the open doors, and one more for each door with a different prefix rewrite."""
    family = route["name"]
    if family == FALLBACK or family in proxy.unrouted:
        return
    stripped = dict(proxy.strips)
    doors = [door for door in DOORS if door in proxy.doors and (door, family) not in proxy.unrouted_at]
    if family == HEALTH and proxy.health_by_any_method:
        route = {**route, "match": {name: how for name, how in route["match"].items() if name != "headers"}}
    if doors == list(DOORS) and not stripped:
        yield copy.deepcopy(route)
        return
    for door in doors:
        if door in stripped:
            special = _through(route, DOORS[door])
            rewrite = {"pattern": {"regex": f"^(?:{stripped[door]})(/.*)$"}, "substitution": "\\1"}
            yield {**special, "route": {**special["route"], "regex_rewrite": rewrite}}
    if usual := [DOORS[door] for door in doors if door not in stripped]:
        yield _through(route, f"(?:{'|'.join(usual)})")


def _through(route: Document, doors: str) -> Document:
    """Return ``route`` for some doors only; the prefix rewrite works for every door and is kept."""
    changed = copy.deepcopy(route)
    where = changed["match"].get("safe_regex", {})
    if not where.get("regex", "").startswith(_ALL_DOORS):
        raise ProxyError(f"routes.yaml: the regex of route {route['name']} does not begin with {_ALL_DOORS}")
    where["regex"] = doors + where["regex"].removeprefix(_ALL_DOORS)
    return changed


def _forward(proxy: Proxy, action: Document) -> None:
    if proxy.host != _SHIPPED.host:
        action["host_rewrite_literal"] = proxy.host
    if not proxy.tells_host:
        action["append_x_forwarded_host"] = False
    for setting in ("timeout", "bytes_timeout"):
        seconds, shipped = getattr(proxy, setting), getattr(_SHIPPED, setting)
        if seconds != shipped and action["timeout"] == f"{shipped:g}s":
            action["timeout"] = f"{seconds:g}s"
            break
    if proxy.mirrors:
        action["request_mirror_policies"] = [{"cluster": action["cluster"], "disable_shadow_host_suffix_append": True}]


def _unguarded(route: Document, regex: str) -> Document:
    """Return a route for paths with this prefix that bypasses the auth service."""
    beginning = {"name": ":path", "string_match": {"safe_regex": {"regex": f"(?:{regex}).*"}}}
    conditions = [*route["match"].get("headers", ()), beginning]
    special = {**route, "match": {**route["match"], "headers": conditions}}
    _switch_auth_off(special)
    return special


def _switch_auth_off(place: Document) -> None:
    """Disable the auth service for a route, or for all of them; keep other settings."""
    place["typed_per_filter_config"] = {**place.get("typed_per_filter_config", {}), "auth": _OFF}


def _too_large(limit: int) -> Document:
    """Return a route for requests that announce more bytes than ``limit``.

    Envoy's buffer filter would also count bodies of unknown length, but holds them in memory, and 1.40 stalls those
    larger than the connection's buffer.
    """
    longer = {"name": "content-length", "range_match": {"start": limit + 1, "end": 2**63 - 1}}
    return {"name": "too-large", "match": {"prefix": "/", "headers": [longer]}, "direct_response": {"status": 413}}


def _set_headers(config: Document, side: str, headers: tuple[tuple[str, str | None], ...]) -> None:
    """Set or remove headers, after everything that the reference does."""
    if not headers:
        return
    removed = [name for name in config.get(f"{side}_headers_to_remove", ()) if name not in dict(headers)]
    config[f"{side}_headers_to_remove"] = removed + [name for name, value in headers if value is None]
    added = [each for each in config.get(f"{side}_headers_to_add", ()) if each["header"]["key"] not in dict(headers)]
    config[f"{side}_headers_to_add"] = added + [
        {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for name, value in headers
        if value is not None
    ]


def _host(document: Document) -> Document:
    host: Document = document["resources"][0]["virtual_hosts"][0]
    return host
