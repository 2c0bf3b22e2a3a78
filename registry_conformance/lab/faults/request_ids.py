"""Faults of request ids: lost, replaced or repeated on the way from the client to MLflow's log and back."""

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
        cause="the proxy makes request ids for its log alone",
        remedy="set always_set_request_id_in_response: true",
        requirements=("RTE-020", "RTE-022", "ERR-006", "ERR-021", "ERR-030"),
        change=part("proxy", returns_request_id=False),
        symptoms=(Ask("GET", VERSION, status="200", lacks="(?i)x-request-id"),),
    ),
    Fault(
        name="request-id-replaced",
        layer="proxy",
        seen="the request id that a client sent stands in no log",
        cause="the proxy replaces the client's request id with its own",
        remedy="set preserve_external_request_id: true",
        requirements=("RTE-022", "ERR-032"),
        change=part("proxy", keeps_request_id=False),
        symptoms=(Ask("GET", VERSION, headers=(("X-Request-Id", "{run}"),), status="200", lacks="{run}"),),
    ),
    Fault(
        name="request-id-not-forwarded",
        layer="proxy",
        seen="a failed request is found in the proxy's log by its id, and not in MLflow's",
        cause="a gateway between proxy and MLflow drops X-Request-Id",
        remedy="pass X-Request-Id on to MLflow as it came",
        requirements=("ERR-030", "RES-007"),
        change=on("mlflow", When(), SetHeader("X-Request-Id", None)),
        symptoms=(Ask("GET", SEARCH, status="200"), Passes("mlflow", "(?i)x-request-id: ", present=False)),
    ),
    Fault(
        name="request-ids-all-alike",
        layer="proxy",
        seen="every answer has the same request id: a search of the logs finds all requests of the day",
        cause="the load balancer sets X-Request-Id to a fixed text, where a new id was meant",
        remedy="have the load balancer make an id for each request that has none (nginx: $request_id), and keep others",
        requirements=("RTE-021", "RTE-022"),
        change=on("proxy", When(), SetHeader("X-Request-Id", "request-id")),
        symptoms=(Ask("GET", VERSION, status="200", shows="(?i)x-request-id: request-id\n"),),
    ),
)
