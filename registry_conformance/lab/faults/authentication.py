"""Faults of the auth service and of the key service behind it."""

from __future__ import annotations

from registry_conformance.lab.faults.change import anew, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.symptom import Ask

_SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


FAULTS = (
    Fault(
        name="key-service-down",
        layer="auth",
        seen="503 with Retry-After for every key, health fine",
        change=anew(part("keys", up=False)),
        symptoms=(Ask("GET", _SEARCH, status="503", shows="(?i)retry-after"),),
        incidents=("A6",),
    ),
    Fault(
        name="legacy-service-id",
        layer="auth",
        seen="401 for every valid key",
        change=part("auth", service_id="ml-platform"),
        symptoms=(Ask("GET", _SEARCH, status="401"),),
        incidents=("A2",),
    ),
    Fault(
        name="no-authentication",
        layer="proxy",
        seen="anonymous requests are answered 200",
        requirements=(
            "AUT-001",
            "AUT-002",
            "AUT-003",
            "AUT-004",
            "AUT-006",
            "AUT-010",
            "AUZ-004",
            "AUZ-026",
            "AUZ-030",
            "ERR-042",
            "OPS-012",
            "AUT-021",
            "AUT-025",
            "AUT-009",
            "AUT-031",
            "AUT-060",
            "AUT-061",
        ),
        change=part("proxy", authenticates=False),
        symptoms=(Ask("GET", _SEARCH, key=None, status="200"),),
        incidents=("A1", "R7"),
    ),
)
