"""Faults that appear only with many concurrent clients."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, Answer, EditBody, OneAtATime, Remember, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.symptom import Acts

_LOAD = ("load",)
_POOL = (
    '{"error_code": "INTERNAL_ERROR", "message": "QueuePool limit of size 5 overflow 10 reached, connection timed out, '
    'timeout 30.00"}'
)
_VERSION = r'("version":\s*)"\d+"'

FAULTS = (
    Fault(
        name="load-database-pool-of-15",
        layer="mlflow",
        seen="the sixteenth metadata request at the same time is a 500",
        cause="load-database-pool-too-small",
        change=on("server", When(path="/mlflow/", together=16), Answer(500, _POOL)),
        symptoms=(Acts("server"),),
        needs=_LOAD,
    ),
    Fault(
        name="load-one-request-at-a-time",
        layer="proxy",
        seen="one client is served as ever, of eight each waits for all others",
        cause="load-served-one-at-a-time",
        change=on("proxy", When(together=2), OneAtATime()),
        symptoms=(Acts("proxy"),),
        needs=_LOAD,
    ),
    Fault(
        name="load-version-numbers-raced",
        layer="mlflow",
        seen="two registrations of one model at the same moment are told the same version",
        change=on(
            "server",
            When(("POST",), path="model-versions/create", status="200", together=2),
            EditBody(_VERSION, r'\1"1"', ANSWER),
        ),
        symptoms=(Acts("server"),),
        needs=_LOAD,
    ),
    Fault(
        name="load-cache-across-keys",
        layer="proxy",
        seen="who asks what somebody else is asking at that moment gets their answer, whatever the key",
        cause="load-answers-shared-across-keys",
        change=on("proxy", When(("GET",), path="registered-models/alias", together=2), Remember()),
        symptoms=(Acts("proxy"),),
        needs=_LOAD,
    ),
    Fault(
        name="load-limit-of-8-connections",
        layer="proxy",
        seen="the ninth request at the same time is a bare 503",
        cause="load-connections-limited",
        change=on(
            "proxy", When(together=9), Answer(503, "upstream connect error: overflow", content_type="text/plain")
        ),
        symptoms=(Acts("proxy"),),
        needs=_LOAD,
    ),
    Fault(
        name="load-one-upload-of-40-lost",
        layer="store",
        seen="every upload is a 200, and one of forty is nowhere",
        cause="load-uploads-lost-now-and-then",
        change=on("server", When(("PUT",), path="/mlflow-artifacts/artifacts/", every=40), Answer(200, "{}")),
        symptoms=(Acts("server"),),
        needs=_LOAD,
    ),
)
