"""Harm done by what an answer says: JSON that breaks readers, text that is obeyed, and MLflow's answers with lies."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from tests.doubles.hostile_request import Asked, respond
from tests.doubles.plausible import success

Behaviour = Callable[[socket.socket, Asked], None]
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31m\r\x08\x9b2J\u202eevil\u2066"
"""Clears the screen, sets the title, colours, moves the cursor, and turns the direction of writing."""
MARKUP = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">{{7*7}}"
OTHER_DISK = f"{tempfile.gettempdir()}/registry-conformance-hostile"
"""A place on the client's own disk where nothing of a registration belongs."""


def _say(body: bytes, *headers: str, status: str = "200 OK", kind: str = "application/json") -> Behaviour:
    """Answer everything so."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        del asked
        respond(connection, body, *headers, status=status, kind=kind)

    return behave


def _error(text: str) -> Behaviour:
    """Answer everything with a 500 in MLflow's form, with this text wherever a text can be."""
    body = json.dumps({"error_code": text, "message": text, text: text}).encode()
    return _say(body, f"X-Request-Id: {_header(text)}", f"Server: {_header(text)}", status="500 Oops")


def _header(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("latin-1").replace("\n", " ").replace("\r", " ")


def _lie(change: Callable[[Any], Any]) -> Behaviour:
    """Answer as a plausible MLflow does, each JSON answer changed."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        status, body, kind = success(asked.method, asked.path, asked.target, asked.body)
        if kind == "application/json" and body.startswith(b"{"):
            body = json.dumps(change(json.loads(body))).encode()
        respond(connection, body, status=status, kind=kind)

    return behave


def _texts(value: Any, text: str) -> Any:
    """Return a JSON value with ``text`` added to each text in it."""
    if isinstance(value, dict):
        return {name: _texts(each, text) for name, each in value.items()}
    if isinstance(value, list):
        return [_texts(each, text) for each in value]
    return value + text if isinstance(value, str) else value


def _types(value: Any) -> Any:
    """Return a JSON object whose fields are all of another type."""
    swapped = {str: 7, int: [None], dict: "text", list: {"a": 1}}
    return {name: swapped.get(type(each)) for name, each in value.items()} or [value]


def _places(location: str) -> Callable[[Any], Any]:
    """Return a change that puts artifacts in a place of the liar's choice."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            fields = {"artifact_uri", "artifact_location", "source"}
            return {name: location if name in fields else change(each) for name, each in value.items()}
        return [change(each) for each in value] if isinstance(value, list) else value

    return change


def _listing(connection: socket.socket, asked: Asked) -> None:
    """Name files in listings that lie above the folder that is listed."""
    if asked.method == "GET" and asked.path.endswith("/mlflow-artifacts/artifacts"):
        paths = (f"../../../../../..{OTHER_DISK}/up", f"{OTHER_DISK}/root", "a/../../up", "..", "\0")
        files = [{"path": path, "is_dir": False, "file_size": 4} for path in paths]
        respond(connection, json.dumps({"files": files}).encode())
    else:
        _lie(lambda value: value)(connection, asked)


def _presigned(connection: socket.socket, asked: Asked) -> None:
    """Give URLs of another host for whatever is asked for by URL."""
    if "/presigned/" in asked.path or "/mpu/" in asked.path:
        url = f"{asked.elsewhere}/stolen"
        document = {
            "url": url,
            "headers": {"Authorization": "x"},
            "upload_id": "u",
            "credentials": [{"url": url, "part_number": 1, "headers": {}}],
        }
        respond(connection, json.dumps(document).encode())
    else:
        _lie(lambda value: value)(connection, asked)


def _pages(connection: socket.socket, asked: Asked) -> None:
    """Have always one page more."""
    if asked.path.endswith("/search") or asked.path.endswith("/artifacts"):
        respond(connection, json.dumps({"next_page_token": "more", "experiments": [], "files": []}).encode())
    else:
        _lie(lambda value: value)(connection, asked)


BEHAVIOURS: Mapping[str, Behaviour] = {
    "200 {} to everything": _say(b"{}"),
    "200 null to everything": _say(b"null"),
    "JSON of 200,000 brackets": _say(b"[" * 200_000),
    "JSON of 200,000 objects": _say(b'{"a":' * 200_000),
    "JSON nested 900 deep": _say(b'{"a":' * 900 + b"1" + b"}" * 900),
    "numbers that no float holds": _say(b'{"experiment_id": 1e999, "timestamp": -1e999, "size": NaN, "x": Infinity}'),
    "an integer of 10,000 digits": _say(b'{"experiment_id": ' + b"9" * 10_000 + b"}"),
    "each key twice": _say(b'{"experiment_id": "1", "experiment_id": {"a": []}, "run": {}, "run": 5}'),
    "text that is no UTF-8": _say(b'{"message": "\xff\xfe\xc3\x28"}', kind="application/json; charset=no-such-thing"),
    "halves of characters": _say(b'{"message": "\\ud800", "error_code": "\\udfff", "\\ud800": 1}', status="500 Oops"),
    "JSON with zero bytes": _say(b'{"message": "\\u0000\\u0000", "a\\u0000": "\0"}', status="400 Bad Request"),
    "JSON in UTF-16": _say('{"message": "x"}'.encode("utf-16"), status="404 Not Found"),
    "terminal escapes": _error(ESCAPES),
    "markup and scripts": _error(MARKUP),
    "a line of commands to a CI service": _error("\n::error::owned\n::set-output name=a::b\n##vso[task.complete]"),
    "come back in a thousand years": _say(b"{}", "Retry-After: 31536000000", status="503 Service Unavailable"),
    "MLflow with terminal escapes": _lie(lambda value: _texts(value, ESCAPES)),
    "MLflow with markup": _lie(lambda value: _texts(value, MARKUP)),
    "MLflow with wrong types": _lie(_types),
    "MLflow with empty lists": _lie(lambda value: {name: [] for name in value}),
    "MLflow that stores on our disk": _lie(_places(f"file://{OTHER_DISK}/artifacts")),
    "MLflow that stores on our disk, by path": _lie(_places(f"{OTHER_DISK}/artifacts")),
    "MLflow whose artifacts lie elsewhere": _lie(_places("mlflow-artifacts://127.0.0.2:1/stolen")),
    "MLflow whose files lie above": _listing,
    "MLflow that signs URLs of others": _presigned,
    "MLflow that has always one page more": _pages,
}
"""Name -> what is said to each request."""
