"""Leave to send: what a request would make on the target, asked of the guard of its door."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_text import parsed
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.guard import GuardError, Made
from registry_conformance.judge.target.target import Door

_API = re.compile(r"/(?:ajax-)?api/[23]\.0/mlflow(?:-artifacts)?/(.*)")
_BY_NAME = {
    "experiments/create": ("experiment", "name"),
    "experiments/update": ("experiment", "new_name"),
    "registered-models/create": ("model", "name"),
    "registered-models/rename": ("model", "new_name"),
}
"""Verb -> the kind of thing that bears a name afterwards, and the field of the request that has the name."""
_ROUTES = "/mlflow-artifacts/"
_UPLOAD = re.compile(r"mpu/(create|complete|abort)(?:/(.*))?")
_DEAD = ("refused", "timeout", "name")
"""How the transport errors begin after which nobody is there."""


def authorize(door: Door, exchange: Exchange, body: bytes | None, size: int | None) -> None:
    """Ask the door's guard whether a request may be sent; ``size`` is its body's in bytes, where known.

    Raises ``NotAllowed`` where nothing of the kind may be sent there, ``PreconditionFailed`` where the run has used
    up its leave.
    """
    if _ROUTES in urlsplit(exchange.url).path:
        need_artifacts(door)
    if door.guard is None:
        return
    length = size if size is not None else len(body or b"")
    try:
        made = _made(door, exchange, body)
        door.guard.allow(exchange.method, urlsplit(exchange.url).path, length, made, exchange.door)
    except GuardError as refusal:
        breach = PreconditionFailed if refusal.over else NotAllowed
        raise breach("a request that this run may send", str(refusal)) from refusal


def need_artifacts(door: Door) -> None:
    """Raise ``NotAllowed`` at a door that artifacts are declared not to pass."""
    if door.direct:
        raise NotAllowed("artifacts that pass the door", "artifacts are declared direct: they pass no door")


def record_answer(door: Door, exchange: Exchange) -> None:
    """Tell the door's guard what came back: the id of what was made, and whether anybody answered."""
    if door.guard is None:
        return
    dead = exchange.status is None and exchange.error.startswith(_DEAD)
    door.guard.met(exchange.method, urlsplit(exchange.url).path, exchange.door, dead=dead)
    if exchange.refused and (unmade := _made(door, exchange, None)):
        door.guard.gone(unmade)
    found = exchange.json() if exchange.ok and exchange.method == "POST" else None
    if isinstance(found, dict) and "experiment_id" in found:
        door.guard.learn(str(found["experiment_id"]))
    if (
        isinstance(found, dict)
        and "upload_id" in found
        and (upload := _made(door, exchange, exchange.request_body.head))
    ):
        door.guard.began_upload(upload.name, str(found["upload_id"]))


def _made(door: Door, exchange: Exchange, body: bytes | None) -> Made | None:
    """Return what a request would make that is not part of something made before."""
    found = _API.search(unquote(urlsplit(exchange.url).path))
    if not found:
        return None
    verb = found[1]
    if exchange.method == "POST" and verb in _BY_NAME:
        kind, field = _BY_NAME[verb]
        name = _text_in(body, field)
        return Made(kind, name, door.name) if name else None
    if exchange.method == "POST" and (upload := _UPLOAD.fullmatch(verb)) and upload[1] == "create":
        name = "/".join(filter(None, (upload[2], PurePosixPath(_text_in(body, "path")).name)))
        return Made("upload", name, door.name)
    if exchange.method == "PUT" and verb.startswith("artifacts/") and not verb.endswith("/"):
        return Made("artifact", verb.removeprefix("artifacts/"), door.name)
    return None


def _text_in(body: bytes | None, field: str) -> str:
    try:
        document = parsed(body or b"")
    except ValueError:
        return ""
    name = document.get(field) if isinstance(document, dict) else None
    return name if isinstance(name, str) else ""
