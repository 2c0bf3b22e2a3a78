"""What a response says about an object: it exists, is deleted, is gone, is denied, or unknown.

Only MLflow's own words count. A proxy's 404 says nothing about an object.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.evidence.exchange import Exchange

_ABSENT = "RESOURCE_DOES_NOT_EXIST"
_DENIED = "Permission denied"
"""The whole answer of MLflow's user management, with 403, where a user has no permission for a name."""


class State(enum.Enum):
    """What is known about an object; MLflow keeps a ``DELETED`` one, hidden.

    ``DENIED`` is what MLflow's user management says of an object of others, and of one that does not exist.
    """

    THERE = "there"
    DELETED = "deleted"
    GONE = "gone"
    DENIED = "denied"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one response says about an object: state, description, and MLflow's data."""

    state: State
    said: str
    about: Mapping[str, Any] = field(default_factory=dict)


class NotKnownError(RuntimeError):
    """Whether an object still exists is unknown; the message has the response."""


class StillThereError(RuntimeError):
    """An object still exists; the message has the response."""


def need(sight: Observation, wanted: State, sent: Exchange | None) -> None:
    """Raise if an object is not in the expected state after a request to delete it."""
    if sight.state in (wanted, State.GONE):
        return
    if sight.state in (State.UNKNOWN, State.DENIED):
        raise NotKnownError(sight.said)
    raise StillThereError(f"it is still there: {sight.said}" + (f", after {sent}" if sent else ""))


def of_model(met: Exchange, name: str) -> Observation:
    """Return what a response to ``registered-models/get`` says."""
    return _named(met, "registered_model", "name", name)


def is_mlflow(met: Exchange, nobodys: str) -> bool:
    """Return whether MLflow answers, by a request for a model name that nobody uses.

    An empty listing looks the same from MLflow and from a server that answers everything so.
    """
    return of_model(met, nobodys).state in (State.GONE, State.DENIED)


def of_experiment(met: Exchange, name: str) -> Observation:
    """Return what a response to ``experiments/get-by-name`` says."""
    return _named(met, "experiment", "name", name)


def of_experiment_id(met: Exchange, own_id: str) -> Observation:
    """Return what a response to ``experiments/get`` says."""
    return _named(met, "experiment", "experiment_id", own_id)


def of_files(met: Exchange, name: str = "") -> Observation:
    """Return what a folder listing says about ``name``, or, without one, about all its content."""
    listed = _listed(met)
    if listed is None:
        return Observation(State.UNKNOWN, str(met))
    wanted = {each: folder for each, folder in listed.items() if each == name or not name}
    if not wanted:
        return Observation(State.GONE, str(met))
    folders = {"folders": sorted(wanted)} if all(wanted.values()) else {}
    return Observation(State.THERE, str(met), folders)  # a store may list a folder of which all files are deleted


def of_folder(met: Exchange) -> Observation:
    """Return what a folder's listing says: its ``entries``, name -> whether it is a folder."""
    listed = _listed(met)
    if listed is None:
        return Observation(State.UNKNOWN, str(met))
    return Observation(State.THERE if listed else State.GONE, str(met), {"entries": listed})


def of_run(met: Exchange, run_id: str) -> Observation:
    """Return what a response to ``runs/get`` says."""
    return _about(met, _at(_document(met), "run", "info"), "run_id", run_id)


def of_logged_model(met: Exchange, model_id: str) -> Observation:
    """Return what a response to a request for a logged model says."""
    return _about(met, _at(_document(met), "model", "info"), "model_id", model_id)


def of_trace(met: Exchange, trace_id: str) -> Observation:
    """Return what a response to a request for a trace says, with the id of the experiment that it is in."""
    trace = _at(_document(met), "trace", "trace_info")
    return _about(met, trace | _at(trace, "trace_location", "mlflow_experiment"), "trace_id", trace_id)


def _at(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return the object at these keys, one within the other; empty if there is none."""
    for key in keys:
        inner = document.get(key)
        document = inner if isinstance(inner, dict) else {}
    return document


def _listed(met: Exchange) -> dict[str, bool] | None:
    """Return name -> whether it is a folder, for each entry of MLflow's listing; ``None`` for any other response."""
    document = met.json() if met.ok and met.content_type == "application/json" else None
    files = document.get("files", []) if isinstance(document, dict) and not {*document} - {"files"} else None
    if not isinstance(files, list) or not all(isinstance(each, dict) and each.get("path") for each in files):
        return None
    return {str(each["path"]).rpartition("/")[2]: each.get("is_dir") is True for each in files}


def _named(met: Exchange, field_of: str, key: str, wanted: str) -> Observation:
    if met.status == 403 and met.text.strip() == _DENIED:
        return Observation(State.DENIED, str(met))
    return _about(met, _at(_document(met), field_of), key, wanted)


def _about(met: Exchange, about: Mapping[str, Any], key: str, wanted: str) -> Observation:
    """Return what a response says about the object whose ``key`` is ``wanted``; ``about`` is MLflow's data of it."""
    if met.ok and str(about.get(key, "")) == wanted:
        deleted = about.get("lifecycle_stage") == "deleted"
        return Observation(State.DELETED if deleted else State.THERE, str(met), about)
    document, whole = _document(met), re.compile(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])")
    if met.status == 404 and document.get("error_code") == _ABSENT and whole.search(str(document.get("message"))):
        return Observation(State.GONE, str(met))
    return Observation(State.UNKNOWN, str(met), about)


def _document(met: Exchange) -> dict[str, Any]:
    found = met.json()
    return found if isinstance(found, dict) else {}
