"""Whether the run and the experiment that the client's own settings name are there."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import NAMED, Finding

_LOOKUPS = {
    "MLFLOW_RUN_ID": ("run", f"{REST}/runs/get?run_id="),
    "MLFLOW_EXPERIMENT_ID": ("experiment", f"{REST}/experiments/get?experiment_id="),
}


def named_and_missing(asking: Asking) -> Finding | None:
    """Return that a variable names a run or an experiment that this MLflow does not have."""
    for name, own_id in asking.door.named:
        what, lookup = _LOOKUPS[name]
        met = asking.ask(f"{lookup}{quote(own_id, safe='')}", keyed=True)
        if met.error_code == "RESOURCE_DOES_NOT_EXIST" and met.status == HTTPStatus.NOT_FOUND:
            sentence = (
                f"{name} of this environment names the {what} {own_id[:64]}, which this MLflow does not have: the "
                "client goes on with it, and ends"
            )
            return Finding(NAMED, sentence, NAMED.remedy, (str(met),))
    return None
