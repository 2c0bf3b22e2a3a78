"""Has the guard of a door authorize each request, by what the request would create or delete."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import parsed
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.requests import (
    ARTIFACT,
    EXPERIMENT,
    MODEL,
    UPLOAD,
    GuardError,
    Made,
    Permit,
    Requests,
    changes,
)
from registry_conformance.judge.target.target import Door

_API = re.compile(r"/(?:ajax-)?api/[23]\.0/mlflow(?:-artifacts)?/(.*)")
_NAMES = {
    "experiments/create": (EXPERIMENT, "name"),
    "experiments/update": (EXPERIMENT, "new_name"),
    "registered-models/create": (MODEL, "name"),
    "registered-models/rename": (MODEL, "new_name"),
}
"""API method -> the kind of object that has a new name afterwards, and the request's field with the name."""
_OF_A_MODEL = re.compile(r"registered-models/(?!create$|get-latest-versions$).+|model-versions/.+")
"""API methods that change only the model that the request names."""
_MODEL_DELETION = "registered-models/delete"
_OF_THE_DEFAULT, _DEFAULT_ID = frozenset({"runs/create", "traces"}), "0"
"""API methods that put something into an experiment, and MLflow's default experiment: it takes what names none."""
_ANY_DIGIT = re.compile(r"\d")
"""What a text has that a server may read as a number, with signs, blanks or zeros around it, in any script."""
_ROUTES = "/mlflow-artifacts/"
_UPLOAD = re.compile(r"mpu/(create|complete|abort)(?:/(.*))?")
_IDS = {EXPERIMENT: "experiment_id", UPLOAD: "upload_id"}
"""Kind -> the field of an answer in which the target says what it calls the thing."""
_NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
"""MLflow's own error code, with 501, for what its artifact store cannot do: nothing was made."""
_DEAD = ("refused", "timeout", "name")
"""How transport errors start that mean that the server is not reachable."""


def authorize(door: Door, exchange: Exchange, body: bytes | None, size: int | None) -> Permit:
    """Return the permit of a request, if the door's guard allows it; ``size`` is its body's size, if known.

    Raises ``NotAllowed`` if such a request is never sent there, ``PreconditionFailed`` if the run should send it and
    cannot.
    """
    path = urlsplit(exchange.url).path
    if _ROUTES in path:
        need_artifacts(door)
    permit = Permit(f"{exchange.method} {path}")
    if door.guard is None:
        return permit
    length = size if size is not None else len(body or b"")
    made, removes = made_by(door, exchange, body), removed_by(door, exchange, body)
    try:
        door.guard.allow(exchange.method, path, length, made, exchange.door, removes=removes)
    except GuardError as refusal:
        breach = PreconditionFailed if refusal.prevented else NotAllowed
        raise breach("a request that this run may send", str(refusal)) from refusal
    return permit


def authorize_connection(door: Door) -> Permit:
    """Return the permit for a connection without a request, such as a handshake."""
    return authorize(door, Exchange("OPTIONS", door.url, door.name, None), None, None)


def need_artifacts(door: Door) -> None:
    """Raise ``NotAllowed`` at a door that artifacts do not go through by declaration."""
    if door.direct:
        raise NotAllowed("artifacts that pass the door", "artifacts are declared direct: they pass no door")


def record_answer(door: Door, exchange: Exchange, unsent: bytes | None = None) -> None:
    """Report a response to the door's guard: the id of a created object, and whether the door answered.

    ``unsent`` is the body of a request for which no connection came about: nothing left this machine, or was made.
    Raises ``PreconditionFailed`` if that cannot be recorded; nothing more is sent then.
    """
    if door.guard is None:
        return
    try:
        _note(door.guard, door, exchange)
        if unsent is not None and (made := made_by(door, exchange, unsent)):
            door.guard.unsent(made)
    except GuardError as problem:
        raise PreconditionFailed("a ledger that takes another line", str(problem)) from problem


def _note(guard: Requests, door: Door, exchange: Exchange) -> None:
    dead = exchange.status is None and exchange.error.startswith(_DEAD)
    guard.met(exchange.method, urlsplit(exchange.url).path, exchange.door, dead=dead)
    body = exchange.request_body.head
    made, removed = made_by(door, exchange, body), removed_by(door, exchange, body)
    redirected = (exchange.status or 0) // 100 == 3  # such a response means that nothing was created
    unmade = exchange.refused or redirected or exchange.error_code == _NOT_IMPLEMENTED
    if unmade and made and made.kind == UPLOAD:
        guard.refused(made)
    found = exchange.json() if exchange.ok else None
    if not isinstance(found, dict):
        return
    if made and made.kind in _IDS and (own_id := found.get(_IDS[made.kind])):
        guard.learn(made, str(own_id))
    if removed and removed.kind == UPLOAD:
        guard.ended(removed, removed.ids[0])
    if removed and exchange.method == "DELETE" and _verb(exchange) == _MODEL_DELETION:
        guard.ended(removed, "")


def made_by(door: Door, exchange: Exchange, body: bytes | None) -> Made | None:
    """Return what a request would create."""
    verb = _verb(exchange)
    if exchange.method == "POST" and verb in _NAMES:
        kind, key = _NAMES[verb]
        name = _text_in(body, key)
        return Made(kind, name, door.name) if name else None
    if exchange.method == "POST" and (upload := _UPLOAD.fullmatch(verb)) and upload[1] != "abort":
        kind = UPLOAD if upload[1] == "create" else ARTIFACT
        return Made(kind, _uploaded(upload, body), door.name)
    if exchange.method == "PUT" and verb.startswith("artifacts/") and not verb.endswith("/"):
        return Made(ARTIFACT, verb.removeprefix("artifacts/"), door.name)
    return None


def removed_by(door: Door, exchange: Exchange, body: bytes | None) -> Made | None:
    """Return what a request would delete or change, which must have been created before."""
    verb = _verb(exchange)
    if exchange.method == "DELETE" and verb.startswith("artifacts/"):
        return Made(ARTIFACT, verb.removeprefix("artifacts/"), door.name)
    if not changes(exchange.method, urlsplit(exchange.url).path):
        return None
    if _OF_A_MODEL.fullmatch(verb):
        name = _text_in(body, "name")
        return Made(MODEL, name, door.name) if name else None
    own_id = _experiment_in(body)
    if verb in _OF_THE_DEFAULT and not own_id.strip():
        own_id = _DEFAULT_ID
    if _ANY_DIGIT.search(own_id):
        return Made(EXPERIMENT, "", door.name, (own_id,))
    if (upload := _UPLOAD.fullmatch(verb)) and upload[1] != "create":
        return Made(UPLOAD, _uploaded(upload, body), door.name, (_text_in(body, "upload_id"),))
    return None


def _verb(exchange: Exchange) -> str:
    found = _API.search(unquote(urlsplit(exchange.url).path))
    return found[1] if found else ""


def _uploaded(upload: re.Match[str], body: bytes | None) -> str:
    """Return the artifact path of a multipart request: MLflow uses the last part of the name in the body."""
    return "/".join(filter(None, (upload[2], PurePosixPath(_text_in(body, "path")).name)))


def _text_in(body: bytes | None, key: str) -> str:
    value = _value_in(body, key)
    return value if isinstance(value, str) else ""


def _experiment_in(body: bytes | None) -> str:
    """Return the id of an experiment that a JSON body names, however deep it stands there; empty if it names none."""
    value = _found("experiment_id", _document(body))
    return "" if value is None else str(value)


def _found(key: str, document: object) -> object:
    """Return the outermost field of that name in a document, ``None`` if there is none; it may be of any depth."""
    parts = [document]
    while parts:
        found = next((each[key] for each in parts if isinstance(each, dict) and each.get(key) is not None), None)
        if found is not None:
            return found
        inner = (each.values() if isinstance(each, dict) else each for each in parts if isinstance(each, dict | list))
        parts = [part for held in inner for part in held]
    return None


def _value_in(body: bytes | None, key: str) -> object:
    """Return a field of a JSON body, empty if it is missing."""
    document = _document(body)
    return document.get(key, "") if isinstance(document, dict) else ""


def _document(body: bytes | None) -> object:
    """Return a JSON body, ``None`` if it is none."""
    try:
        return parsed(body or b"")
    except ValueError:
        return None
