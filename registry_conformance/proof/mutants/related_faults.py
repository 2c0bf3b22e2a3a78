"""Requirements that catch faults of the catalogue which change the same thing as a mutant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache

from registry_conformance.lab.deployment import REFERENCE, Deployment, Links
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.proof.mutants.mutant import Mutant

_NOT_COMPARED = frozenset({"auth.restarts"})
"""Settings that come with a change and are none themselves."""

_ALIKE = (
    (r"access_by_lua_block|/auth\.lua:|/gate\.lua:ask", ("authenticates", "unguarded", "status_on_error")),
    (r"rewrite_by_lua_block|set \$|location @|/gate\.lua:", ("unrouted", "doors", "strips", "normalises")),
    (r"header_filter_by_lua_block|/answers\.lua:", ("json_errors", "json_replies", "returns_request_id")),
    (r"body_filter_by_lua_block|content_by_lua_block", ("json_errors", "json_replies")),
    (r"more_clear_headers|proxy_pass_header", ("banner", "answer_headers")),
    (r"client_max_body_size", ("body_limit",)),
    (r"proxy_(?:request_)?buffering", ("buffer",)),
    (r"client_header_buffer_size|large_client_header_buffers", ("headers_kb",)),
    (r"@bytes/proxy_\w+_timeout", ("bytes_timeout",)),
    (r"proxy_\w+_timeout", ("timeout",)),
    (r"proxy_next_upstream|server @MLFLOW@", ("retries", "retry_on", "server: Twice")),
    (r"proxy_pass$|upstream ", ("upstream", "unrouted", "mlflow: Rewrite")),
    (r"proxy_set_header Host", ("host",)),
    (r"X-Forwarded-Host", ("tells_host",)),
    (r"X-Hokusai-|gate\.lua:take_identity_away", ("trusts_identity", "tells_identity")),
    (r"X-Request-Id|map ", ("keeps_request_id", "returns_request_id")),
    (r"proxy_set_header", ("request_headers",)),
    (r"log_format|access_log", ("logs_keys",)),
    (r"listen @LISTEN_TLS_PORT@", ("tls", "certificate")),
    (r"ssl_protocols", ("tls_floor",)),
    (r"_redirect", ("redirects_to_tls",)),
)
"""A place in nginx's files -> what does the same in the reference: settings of its proxy, and rules on its links."""


def alike(place: str) -> frozenset[str]:
    """Return what does the same in the reference as a place in nginx's files does, named as ``changed`` names it."""
    if not place.startswith("docker/proxies/nginx/"):
        return frozenset()
    met = [name for regex, names in _ALIKE if re.search(regex, place) for name in names]
    return frozenset(name if ":" in name else f"proxy.{name}" for name in met)


def related(mutant: Mutant) -> Mapping[str, float]:
    """Return requirement -> its share of the failures under faults that change the same thing.

    Empty if no fault does. Each thing that the mutant changes has equal weight.
    """
    names = sorted(changed(mutant.change(REFERENCE)) | alike(mutant.place))
    met = [counts for name in names if (counts := faults_by_change().get(name))]
    shares: dict[str, float] = defaultdict(float)
    for counts in met:
        for requirement, count in counts.items():
            shares[requirement] += count / counts.total() / len(met)
    return shares


def changed(deployment: Deployment) -> frozenset[str]:
    """Return names of the differences from the reference: settings, shipped files, and rules of links."""
    settings = (
        f"{part.name}.{field.name}"
        for part in fields(REFERENCE)
        if part.name not in ("links", "files")
        for field in fields(getattr(REFERENCE, part.name))
        if getattr(getattr(deployment, part.name), field.name) != getattr(getattr(REFERENCE, part.name), field.name)
    )
    files = (f"docker/{path}" for path, _ in set(deployment.files) - set(REFERENCE.files))
    return frozenset({*settings, *files, *_acts(deployment.links)} - _NOT_COMPARED)


def _acts(links: Links) -> Iterator[str]:
    for link in fields(links):
        rules = getattr(links, link.name)
        if isinstance(rules, tuple):
            yield from (f"{link.name}: {type(act).__name__}" for rule in rules for act in rule.acts)


@cache
def faults_by_change() -> Mapping[str, Counter[str]]:
    """Return what a fault changes -> requirement -> number of such faults that break it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for fault in CATALOGUE.values():
        for name in changed(fault.change(REFERENCE)):
            found[name].update(fault.requirements)
    return found
