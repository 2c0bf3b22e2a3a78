"""Faults of request ids: lost, replaced or repeated between the client and MLflow's log."""

from __future__ import annotations

from registry_conformance.lab.disturbance import SetHeader, When
from registry_conformance.lab.faults.change import on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import SEARCH, VERSION
from registry_conformance.lab.faults.symptom import Ask, Passes

FAULTS = (
    Fault(
        name="request-id-not-returned",
        layer="proxy",
        seen="answers carry no request id, so that nobody can search the logs",
        change=part("proxy", returns_request_id=False),
        symptoms=(Ask("GET", VERSION, status="200", lacks="(?i)x-request-id"),),
    ),
    Fault(
        name="request-id-replaced",
        layer="proxy",
        seen="the request id that a client sent stands in no log",
        change=part("proxy", keeps_request_id=False),
        symptoms=(Ask("GET", VERSION, headers=(("X-Request-Id", "{run}"),), status="200", lacks="{run}"),),
    ),
    Fault(
        name="request-id-not-forwarded",
        layer="proxy",
        seen="a failed request is found in the proxy's log by its id, and not in MLflow's",
        change=on("mlflow", When(), SetHeader("X-Request-Id", None)),
        symptoms=(Ask("GET", SEARCH, status="200"), Passes("mlflow", "(?i)x-request-id: ", present=False)),
    ),
    Fault(
        name="request-ids-all-alike",
        layer="proxy",
        seen="every answer has the same request id: a search of the logs finds all requests of the day",
        change=on("proxy", When(), SetHeader("X-Request-Id", "request-id")),
        symptoms=(Ask("GET", VERSION, status="200", shows="(?i)x-request-id: request-id\n"),),
    ),
)
