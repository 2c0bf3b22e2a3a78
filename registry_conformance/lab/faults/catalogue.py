"""All faults by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from types import MappingProxyType

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.faults import (
    authentication,
    bodies,
    carriers,
    client,
    content,
    doors,
    encryption,
    errors_forms,
    headers,
    iam,
    keys,
    limits,
    metadata,
    mlflow_flags,
    network,
    open_routes,
    outages,
    over_time,
    plugins,
    policy,
    request_ids,
    routes,
    storage,
    store,
    targets,
    under_load,
)
from registry_conformance.lab.faults.fault import Fault

TOPICS = (
    routes,
    doors,
    targets,
    headers,
    request_ids,
    bodies,
    errors_forms,
    limits,
    network,
    encryption,
    authentication,
    carriers,
    policy,
    keys,
    open_routes,
    outages,
    storage,
    iam,
    store,
    content,
    mlflow_flags,
    metadata,
    plugins,
    over_time,
    client,
    under_load,
)
CATALOGUE: Mapping[str, Fault] = MappingProxyType({fault.name: fault for topic in TOPICS for fault in topic.FAULTS})


def broken(deployment: Deployment, names: Iterable[str]) -> Deployment:
    """Return a deployment with all of these faults in it."""
    return reduce(lambda so_far, name: CATALOGUE[name].change(so_far), names, deployment)
