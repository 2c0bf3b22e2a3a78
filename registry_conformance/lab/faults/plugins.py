"""Faults of gateways and store plugins: hidden rejections, half-implemented operations."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer, EditBody, SetStatus, When
from registry_conformance.lab.faults.change import both, on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import CREATE, REST
from registry_conformance.lab.faults.symptom import Ask

_WHOLE = r"(?s)\A.*\Z"
_LOGGED = f"{REST}/logged-models"

FAULTS = (
    Fault(
        name="bad-requests-pass-for-good",
        layer="proxy",
        seen="malformed filters, reserved aliases and unknown stages are 200 with an empty answer, and nothing is done",
        change=on("mlflow", When(path="/mlflow/", status="400"), SetStatus(200), EditBody(_WHOLE, "{}")),
        symptoms=(Ask("POST", CREATE, body="{}", status="200"),),
    ),
    Fault(
        name="restores-acknowledged-and-lost",
        layer="mlflow",
        seen="restoring a deleted run or experiment is 200, and it stays deleted",
        change=on("server", When(methods=("POST",), path="/(runs|experiments)/restore$"), Answer(200, "{}")),
        symptoms=(Ask("POST", f"{REST}/runs/restore", body='{"run_id": "{run}"}', status="200"),),
    ),
    Fault(
        name="logged-models-half-known",
        layer="mlflow",
        seen="logged models are made and read, but no search finds them, and versions made of them name another source",
        change=both(
            on(
                "server",
                When(methods=("POST",), path="/logged-models/search", status="200"),
                EditBody(_WHOLE, '{"models": []}'),
            ),
            on(
                "server",
                When(methods=("GET",), path="/model-versions/get[?]"),
                EditBody(r'("source":\s*)"models:/m-[^"]*"', r'\1"unknown"'),
            ),
        ),
        symptoms=(
            Ask("POST", _LOGGED, body='{"experiment_id": "0", "name": "{run}"}', status="200"),
            Ask(
                "POST",
                f"{_LOGGED}/search",
                body='{"experiment_ids": ["0"], "filter": "name = \'{run}\'"}',
                status="200",
                lacks="{run}",
            ),
        ),
    ),
)
