"""Whether the run and the experiment that the client's own settings name are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import (
    NAMED,
    NAMED_AND_DELETED,
    NAMED_AND_DENIED,
    Finding,
)
from registry_conformance.judge.evidence.exchange import Exchange

_LOOKUPS = {
    "MLFLOW_RUN_ID": ("run", f"{REST}/runs/get?run_id="),
    "MLFLOW_EXPERIMENT_ID": ("experiment", f"{REST}/experiments/get?experiment_id="),
    "MLFLOW_EXPERIMENT_NAME": ("experiment", f"{REST}/experiments/get-by-name?experiment_name="),
}
_PERMISSION = re.compile(r"PERMISSION_DENIED|\APermission denied\s*\Z")
"""How MLflow says that a permission is lacking; a page of something before it refuses the route, to everybody."""
_USUAL = f"{REST}/experiments/get?experiment_id=0"
"""The lookup of the experiment in which the client logs if nothing names another."""
_MADE_BY_THE_CLIENT = frozenset({"MLFLOW_EXPERIMENT_NAME"})
"""What the client makes if it is not there."""


@dataclass(frozen=True, slots=True)
class NamedObjects:
    """What variables of the client name: a ``finding`` if one is of no use, and what is there, in words.

    ``lacking`` is a sentence about the experiment in which the client logs if nothing names another, empty if it is
    there, or does not count.
    """

    finding: Finding | None = None
    there: tuple[str, ...] = ()
    lacking: str = ""


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
        if met.ok and _is_deleted(met):
            sentence = f"{named}, which is deleted here: the client finds it, and MLflow refuses to log anything there"
            return NamedObjects(Finding(NAMED_AND_DELETED, sentence, NAMED_AND_DELETED.remedy, (str(met),)))
        if met.ok:
            there.append(f"the {what} {value[:64]}, which {name} names{_kept_elsewhere(met)}")
    return NamedObjects(None, tuple(there), "" if asking.door.named else _lacking(asking))


def _lacking(asking: Asking) -> str:
    """Return that the experiment is not there in which the client logs if nothing names another."""
    if asking.door.workspace:  # each workspace has one of its own, with another number
        return ""
    met = asking.ask(_USUAL, keyed=True)
    absent = met.error_code == "RESOURCE_DOES_NOT_EXIST" and met.status == HTTPStatus.NOT_FOUND
    if not absent and not (met.ok and _is_deleted(met)):
        return ""
    how = "does not exist" if absent else "is deleted"
    return (
        f"the experiment with the id 0 (Default) {how} here: a client that names no experiment logs there, and fails; "
        "name one (MLFLOW_EXPERIMENT_NAME, or mlflow.set_experiment), or have it restored"
    )


def _kept_elsewhere(met: Exchange) -> str:
    """Return in brackets where artifacts of a run or an experiment lie, if clients write there past MLflow."""
    shown = _shown(met)
    location = shown.get("artifact_location") or shown.get("artifact_uri")
    scheme, colon, _ = location.partition(":") if isinstance(location, str) else ("", "", "")
    if not location or scheme == "mlflow-artifacts":
        return ""
    return (
        f" (its artifacts lie at {f'{scheme[:16]}:' if colon else 'a path on a disk'}, not behind this address: each "
        "client writes there itself, and needs access and credentials of its own for it)"
    )


def _is_deleted(met: Exchange) -> bool:
    """Return whether MLflow shows a run or an experiment as deleted."""
    return bool(_shown(met).get("lifecycle_stage") == "deleted")


def _shown(met: Exchange) -> Mapping[str, Any]:
    """Return what MLflow shows of a run or an experiment, nothing of what is neither."""
    said = met.json()
    shown = said.get("experiment") or (said.get("run") or {}).get("info") if isinstance(said, dict) else None
    return shown if isinstance(shown, dict) else {}
