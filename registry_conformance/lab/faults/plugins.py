"""Faults of those who answer for the registry: a gateway that hides refusals, store plugins that do half of it."""

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
        cause="an API gateway between proxy and MLflow answers {} with 200 where MLflow answers 400",
        remedy="have the gateway pass MLflow's status and body on: a 400 tells a caller what to mend",
        requirements=(
            "REG-028",
            "REG-029",
            "REG-036",
            "REG-049",
            "REG-050",
            "ERR-010",
            "ERR-013",
            "ERR-016",
        ),
        change=on("mlflow", When(path="/mlflow/", status="400"), SetStatus(200), EditBody(_WHOLE, "{}")),
        symptoms=(Ask("POST", CREATE, body="{}", status="200"),),
    ),
    Fault(
        name="restores-acknowledged-and-lost",
        layer="mlflow",
        seen="restoring a deleted run or experiment is 200, and it stays deleted",
        cause="a tracking store plugin answers restore without doing it",
        remedy="implement restore_run and restore_experiment in the plugin, or have it raise what it does not do",
        requirements=("REG-047",),
        change=on("server", When(methods=("POST",), path="/(runs|experiments)/restore$"), Answer(200, "{}")),
        symptoms=(Ask("POST", f"{REST}/runs/restore", body='{"run_id": "{run}"}', status="200"),),
    ),
    Fault(
        name="logged-models-half-known",
        layer="mlflow",
        seen="logged models are made and read, but no search finds them, and versions made of them name another source",
        cause="the store plugin was written before logged models: it neither lists them nor keeps models:/ as a source",
        remedy="update the store plugin to one for MLflow 3, or use MLflow's own store",
        requirements=("REG-040",),
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
