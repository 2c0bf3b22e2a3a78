"""Every cause that is known, one file a topic of a layer."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause
from registry_conformance.judge.diagnosis.causes import (
    auth_keys,
    auth_policy,
    client,
    iam,
    keys,
    mlflow,
    network,
    proxy_auth,
    proxy_doors,
    proxy_errors,
    proxy_headers,
    proxy_limits,
    proxy_requests,
    proxy_routes,
    registry,
    store,
)

_TOPICS = (
    client,
    network,
    proxy_doors,
    proxy_routes,
    proxy_requests,
    proxy_headers,
    proxy_limits,
    proxy_errors,
    proxy_auth,
    auth_keys,
    auth_policy,
    keys,
    mlflow,
    registry,
    iam,
    store,
)
CAUSES: tuple[Cause, ...] = tuple(cause for topic in _TOPICS for cause in topic.CAUSES)
_OF_FAULT = {fault: cause.id for cause in CAUSES for fault in cause.faults}


def cause_of(fault_name: str) -> str:
    """Return the id of the cause that is the diagnosis of a fault; raise ``KeyError`` where none is."""
    return _OF_FAULT[fault_name]
