"""After how many seconds a proxy gave up waiting, by what it was seen to do, and what sets that time."""

from __future__ import annotations

from collections.abc import Iterator

from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.evidence.items import ExchangeItem

GAVE_UP = frozenset({504, 524})
"""What a proxy says that did wait, and for too short a time, or for something that takes too long."""
_SETTINGS = {
    "envoy": "timeout of the route, which is 15 s unless it is set, and 0s for none",
    "istio": "timeout of the route in its VirtualService",
    "nginx": "proxy_read_timeout and proxy_send_timeout, 60 s unless they are set",
    "haproxy": "timeout server",
    "apache": "ProxyTimeout, or timeout= of its ProxyPass",
    "caddy": "read_timeout and response_header_timeout of its transport http",
    "traefik": "forwardingTimeouts of its serversTransport",
    "kong": "read_timeout and write_timeout of the service",
    "varnish": "first_byte_timeout and between_bytes_timeout of the backend",
    "openshift": "the annotation haproxy.router.openshift.io/timeout of the route, 30 s unless it is set",
    "aws-alb": "idle_timeout.timeout_seconds, 60 s unless it is set",
    "aws-api-gateway": "the time-out of the integration, 29 s unless its quota was raised",
    "cloudfront": "the response timeout of the origin, 30 s unless it is set",
    "cloudflare": "its Proxy Read Timeout, which only some plans can change; else a host name that it does not proxy",
    "azure": "the request time-out of its backend settings, 20 s unless it is set",
    "azure-front-door": "the origin response timeout",
    "azure-api": "timeout of forward-request in its policy",
    "apigee": "io.timeout.millis of its target endpoint",
    "google": "timeoutSec of the backend service, 30 s unless it is set",
    "heroku": "none: 30 s to the first byte are fixed",
}
"""Product -> the name under which it keeps the time that it waits."""
_TO_RECEIVE = {
    "envoy": "request_timeout and stream_idle_timeout of its HTTP connection manager",
    "nginx": "client_body_timeout, 60 s unless it is set",
    "haproxy": "timeout http-request, and timeout client",
    "apache": "RequestReadTimeout body=20,MinRate=500, or body=0 for no limit (mod_reqtimeout)",
    "caddy": "read_body among the timeouts of its servers",
    "traefik": "respondingTimeouts.readTimeout of its entry point, 60 s unless it is set",
}
"""Product -> the name under which it keeps the time that a request may take to arrive."""
_LEAST = 0.5
"""Seconds below which nobody waited for anything."""
_SAME, _NEAR = 1.15, 0.3
"""How much longer the longest of equal waits may be than the shortest: so many times, or so many seconds."""
_FASTER = 4
"""So many times as fast as an upload must a download of the same bytes be to show that the way is not what is slow."""
_MIB = 1 << 20


def waited(facts: Facts, status: int) -> str:
    """Return after how many seconds answers with such a status came; empty if nobody waited for anything."""
    late = _late(facts, status)
    seconds = sorted({(item["started"], item["url"]): item["seconds"] for item in late}.values())
    if not seconds or seconds[0] < _LEAST:
        return ""
    if seconds[-1] > max(seconds[0] * _SAME, seconds[0] + _NEAR):
        return f"after {seconds[0]:.0f} to {seconds[-1]:.0f} s"
    return f"after {_short(seconds[0])}" + (f", each of {len(seconds)} times" if len(seconds) > 1 else "")


def longest_wait(facts: Facts, status: int) -> float:
    """Return after how many seconds the last of the answers with such a status came."""
    return max((item["seconds"] for item in _late(facts, status)), default=0.0)


def wait_longer(product: str) -> str:
    """Return what an operator does whose proxy gave up: its own time first, then what takes so long."""
    setting = f" ({_SETTINGS[product]})" if product in _SETTINGS else ""
    return (
        f"have it wait longer for MLflow{setting}, for artifacts as long as the largest file takes; and look why an "
        "answer takes so long: in MLflow's log at that time, at its store, at its database"
    )


def receive_longer(product: str) -> str:
    """Return what an operator does whose proxy did not wait for the rest of a request."""
    setting = f" ({_TO_RECEIVE[product]})" if product in _TO_RECEIVE else ""
    return f"have it wait longer for the body of a request{setting}, for artifacts as long as the largest file takes"


def pace(facts: Facts, status: int) -> str:
    """Return at what pace uploads pass, if at that pace the one that got such an answer takes as long as was waited."""
    late = _late(facts, status)
    stopped = max(late, key=lambda item: item["request_body"]["size"])
    sent = stopped["request_body"]["size"]
    passed = [
        (item, name)
        for name in facts
        if name.startswith("size.")
        for item in _exchanges(facts[name])
        if item["method"] == "PUT" and item["status"] == 200 and item["seconds"] > 0
    ]
    if not passed or not sent:
        return ""
    largest, name = max(passed, key=lambda each: each[0]["request_body"]["size"])
    rate = largest["request_body"]["size"] / largest["seconds"]
    if sent / rate < stopped["seconds"] / 2:
        return ""
    slow = "; MLflow or its store is slow to take them" if _slow_behind(facts, name, largest) else ""
    told = f"{rate / _MIB:.1f} MiB/s" if rate > _MIB / 10 else f"{rate / 1024:.0f} KiB/s"
    return f"; uploads pass at about {told}, at which {sent / _MIB:.1f} MiB take {_short(sent / rate)}{slow}"


def _slow_behind(facts: Facts, name: str, put: ExchangeItem) -> bool:
    """Return whether an upload took its time behind the proxy: after all was sent, or far longer than the way back."""
    if put["timings"].get("wait", 0.0) > put["seconds"] / 2:
        return True
    back = facts.get(f"{name.removesuffix('.P')}.get.P")
    if back is None or not back.normal:
        return False
    return any(item["seconds"] * _FASTER < put["seconds"] for item in _exchanges(back))


def _late(facts: Facts, status: int) -> list[ExchangeItem]:
    return [item for fact in facts.anomalies for item in _exchanges(fact) if item["status"] == status]


def _exchanges(fact: Fact) -> Iterator[ExchangeItem]:
    for item in fact.evidence:
        if item["kind"] == "exchange" and "started" in item:  # what was measured
            yield item


def _short(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 3 else f"{seconds:.1f} s"
