"""Faults of one door while the others work, the most frequent kind of incident."""

from __future__ import annotations

from registry_conformance.lab.faults.change import part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import AJAX, FILE, FOLDER, SEARCH, VERSION
from registry_conformance.lab.faults.symptom import Ask

_AJAX_SEARCH = f"{AJAX}/experiments/search?max_results=1"


def _missing(door: str, family: str) -> dict[str, frozenset[tuple[str, str]]]:
    return {"unrouted_at": frozenset({(door, family)})}


FAULTS = (
    Fault(
        name="documented-door-closed",
        layer="proxy",
        seen="404 on one door, the others work",
        change=part("proxy", doors=("canonical", "literal")),
        symptoms=(Ask("GET", VERSION, door="documented", status="404"),),
        incidents=("R2",),
    ),
    Fault(
        name="literal-door-closed",
        layer="proxy",
        seen="clients that use https://HOST as tracking URI get 404, those with a path work",
        change=part("proxy", doors=("canonical", "documented")),
        symptoms=(Ask("GET", SEARCH, door="literal", status="404"), Ask("GET", SEARCH, status="200")),
        incidents=("R2",),
    ),
    Fault(
        name="artifacts-missing-at-literal-door",
        layer="proxy",
        seen="at https://HOST metadata works and uploads are 404; at the other doors all works",
        change=part("proxy", **_missing("literal", "artifacts")),
        symptoms=(
            Ask("PUT", FILE, door="literal", body="x", status="404"),
            Ask("PUT", FILE, body="x", status="200"),
            Ask("GET", SEARCH, door="literal", status="200"),
        ),
        incidents=("R1", "R2"),
    ),
    Fault(
        name="metadata-missing-at-documented-door",
        layer="proxy",
        seen="under /mlflow the page and uploads work, the API is 404",
        change=part("proxy", **_missing("documented", "rest")),
        symptoms=(
            Ask("GET", SEARCH, door="documented", status="404"),
            Ask("GET", FOLDER, door="documented", status="200"),
        ),
        incidents=("R2", "R3"),
    ),
    Fault(
        name="browser-api-missing-at-canonical-door",
        layer="proxy",
        seen="the user interface works under /mlflow and stays empty under /api/mlflow",
        change=part("proxy", **_missing("canonical", "ajax")),
        symptoms=(Ask("GET", _AJAX_SEARCH, status="404"), Ask("GET", _AJAX_SEARCH, door="documented", status="200")),
        incidents=("R2", "R17"),
    ),
    Fault(
        name="prefix-not-stripped",
        layer="proxy",
        seen="every path under /mlflow is 404 by MLflow's own page; the other doors work",
        change=part("proxy", strips=(("documented", ""),)),
        symptoms=(
            Ask("GET", SEARCH, door="documented", status="404"),
            Ask("GET", VERSION, door="documented", status="404"),
            Ask("GET", SEARCH, status="200"),
        ),
        incidents=("R4",),
    ),
    Fault(
        name="prefix-eats-api-path",
        layer="proxy",
        seen="404 that names a path without api/2.0/mlflow, at one door",
        change=part("proxy", strips=(("canonical", "/api/mlflow(?:/api/2[.]0)?"),)),
        symptoms=(Ask("GET", SEARCH, status="404"), Ask("GET", VERSION, status="200")),
        incidents=("R3",),
    ),
    Fault(
        name="door-past-authentication",
        layer="proxy",
        seen="under /mlflow everything answers without a key",
        change=part("proxy", unguarded=("/mlflow/",)),
        symptoms=(
            Ask("GET", SEARCH, door="documented", key=None, status="200"),
            Ask("GET", SEARCH, key=None, status="401"),
        ),
        incidents=("R7", "A1"),
    ),
)
