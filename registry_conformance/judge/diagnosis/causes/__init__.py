"""Every known cause, one file a topic."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.diagnosis.cause import Cause
from registry_conformance.judge.diagnosis.causes import (
    auth_keys,
    auth_policy,
    browsers,
    client,
    iam,
    keys,
    load,
    mlflow,
    network,
    presigned,
    proxy_auth,
    proxy_doors,
    proxy_errors,
    proxy_headers,
    proxy_limits,
    proxy_requests,
    proxy_routes,
    registry,
    request_ids,
    store,
    store_content,
    tls,
)

_TOPICS = (
    client,
    network,
    proxy_doors,
    proxy_routes,
    proxy_requests,
    proxy_headers,
    request_ids,
    browsers,
    tls,
    proxy_limits,
    proxy_errors,
    proxy_auth,
    auth_keys,
    auth_policy,
    keys,
    mlflow,
    presigned,
    registry,
    iam,
    store,
    store_content,
    load,
)
CAUSES: tuple[Cause, ...] = tuple(cause for topic in _TOPICS for cause in topic.CAUSES)
BY_ID: Mapping[str, Cause] = MappingProxyType({cause.id: cause for cause in CAUSES})
