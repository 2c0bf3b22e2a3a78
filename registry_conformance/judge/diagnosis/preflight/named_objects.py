"""Whether the run and the experiment that the client's own settings name are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import NAMED, NAMED_AND_DENIED, Finding

_LOOKUPS = {
    "MLFLOW_RUN_ID": ("run", f"{REST}/runs/get?run_id="),
    "MLFLOW_EXPERIMENT_ID": ("experiment", f"{REST}/experiments/get?experiment_id="),
    "MLFLOW_EXPERIMENT_NAME": ("experiment", f"{REST}/experiments/get-by-name?experiment_name="),
}
_PERMISSION = re.compile(r"PERMISSION_DENIED|\APermission denied\s*\Z")
"""How MLflow says that a permission is lacking; a page of something before it refuses the route, to everybody."""
_MADE_BY_THE_CLIENT = frozenset({"MLFLOW_EXPERIMENT_NAME"})
"""What the client makes if it is not there."""


@dataclass(frozen=True, slots=True)
class NamedObjects:
    """What variables of the client name: a ``finding`` if one is of no use, and what is there, in words."""

    finding: Finding | None = None
    there: tuple[str, ...] = ()


def look_up_named(asking: Asking) -> NamedObjects:
    """Look the run and the experiments up that variables of the client name."""
    there = []
    for name, value in asking.door.named:
        what, lookup = _LOOKUPS[name]
        met = asking.ask(f"{lookup}{quote(value, safe='')}", keyed=True)
        named = f"{name} of this environment names the {what} {value[:64]}"
        if met.error_code == "RESOURCE_DOES_NOT_EXIST" and met.status == HTTPStatus.NOT_FOUND:
            if name in _MADE_BY_THE_CLIENT:
                continue
            sentence = f"{named}, which this MLflow does not have: the client goes on with it, and ends"
            return NamedObjects(Finding(NAMED, sentence, NAMED.remedy, (str(met),)))
        if met.status == HTTPStatus.FORBIDDEN and _PERMISSION.search(met.text[:2000]):
            sentence = f"{named}, which this credential may not read: the client asks for it first, and ends"
            return NamedObjects(Finding(NAMED_AND_DENIED, sentence, NAMED_AND_DENIED.remedy, (str(met),)))
        if met.ok:
            there.append(f"the {what} {value[:64]}, which {name} names")
    return NamedObjects(None, tuple(there))
