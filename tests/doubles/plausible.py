"""A server that looks like MLflow behind a proxy, and keeps nothing: right forms, right statuses, made-up content.

It asks for a key and takes any that is not marked as bad; it creates what it is asked for, finds everything, lists
nothing, stores no byte, and has any number of them to download.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Document = Mapping[str, Any]
_BAD = re.compile(r"(?im)^(?:authorization|x-api-key):.*(?:expired|revoked|other-service|unknown|bad)")
_KEY = re.compile(r"(?im)^(?:authorization: (?:Bearer|ApiKey) |x-api-key: )\S+")
_READER = re.compile(r"(?im)^(?:authorization|x-api-key):.*reader")
_TIME = 1_780_000_000_000


def _run(asked: Document) -> Document:
    run_id, experiment = asked.get("run_id") or secrets.token_hex(16), str(asked.get("experiment_id", "1"))
    info = {
        "run_id": run_id,
        "run_uuid": run_id,
        "run_name": asked.get("run_name", "run"),
        "experiment_id": experiment,
        "status": "RUNNING",
        "start_time": _TIME,
        "artifact_uri": f"mlflow-artifacts:/{experiment}/{run_id}/artifacts",
        "lifecycle_stage": "active",
    }
    return {"run": {"info": info, "data": {}, "inputs": {}}}


def _experiment(asked: Document) -> Document:
    known = str(asked.get("experiment_id", "1"))
    name = asked.get("experiment_name") or asked.get("name") or "Default"
    return {
        "experiment": {
            "experiment_id": known,
            "name": name,
            "artifact_location": f"mlflow-artifacts:/{known}",
            "lifecycle_stage": "active",
            "last_update_time": _TIME,
            "creation_time": _TIME,
        }
    }


def _model(asked: Document) -> Document:
    return {
        "registered_model": {
            "name": asked.get("name", "m"),
            "creation_timestamp": _TIME,
            "last_updated_timestamp": _TIME,
        }
    }


def _version(asked: Document) -> Document:
    return {
        "model_version": {
            "name": asked.get("name", "m"),
            "version": str(asked.get("version", "1")),
            "creation_timestamp": _TIME,
            "last_updated_timestamp": _TIME,
            "current_stage": "None",
            "source": asked.get("source", "mlflow-artifacts:/1/models/m/artifacts"),
            "run_id": asked.get("run_id", ""),
            "status": "READY",
        }
    }


_ANSWERS: Mapping[str, Callable[[Document], Document]] = {
    "experiments/create": lambda _: {"experiment_id": str(secrets.randbelow(10**6))},
    "experiments/get": _experiment,
    "experiments/get-by-name": _experiment,
    "runs/create": _run,
    "runs/get": _run,
    "runs/update": lambda asked: {"run_info": _run(asked)["run"]["info"]},
    "registered-models/create": _model,
    "registered-models/get": _model,
    "registered-models/rename": _model,
    "registered-models/update": _model,
    "registered-models/alias": _version,
    "model-versions/create": _version,
    "model-versions/get": _version,
    "model-versions/update": _version,
    "model-versions/transition-stage": _version,
    "server-info": lambda _: {"store_type": "SqlStore", "version": "3.17.2"},
}


async def plausible(head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
    """Answer one request as MLflow behind an authenticating proxy might."""
    method, target, _ = head.split(" ", 2)
    path = urlsplit(target).path
    if path.endswith("/health"):
        _say(writer, method, "200 OK", b"OK", "text/plain")
    elif not _KEY.search(head) or _BAD.search(head):
        refusal = {"error_code": "UNAUTHENTICATED", "message": "The API key is not valid."}
        _say(writer, method, "401 Unauthorized", _json(refusal), challenge='Bearer realm="mlflow"')
    elif method not in ("GET", "HEAD") and not path.endswith("/search") and _READER.search(head):
        refusal = {"error_code": "PERMISSION_DENIED", "message": "The API key lacks the right 'write'."}
        _say(writer, method, "403 Forbidden", _json(refusal))
    else:
        _say(writer, method, *success(method, path, target, body))


def success(method: str, path: str, target: str, body: bytes) -> tuple[str, bytes, str]:
    """Return status, body and media type for whom there is nothing to refuse."""
    if path.endswith("/version"):
        return "200 OK", b"3.17.2", "text/plain"
    if "/mlflow-artifacts/artifacts/" in path:
        return "200 OK", b"" if method in ("PUT", "DELETE") else secrets.token_bytes(64), "application/octet-stream"
    if found := re.search(r"/(?:ajax-)?api/[23]\.0/mlflow/(.+)$", path):
        return "200 OK", _json(_content(found[1], target, body)), "application/json"
    if "/mlflow-artifacts/" in path:
        return "200 OK", b"{}", "application/json"
    missing = {"error_code": "ENDPOINT_NOT_FOUND", "message": "Nothing is served under this path."}
    return "404 Not Found", _json(missing), "application/json"


def _content(route: str, target: str, body: bytes) -> Document:
    try:
        asked = json.loads(body) if body else {}
    except ValueError:
        asked = {}
    asked = dict(parse_qsl(urlsplit(target).query)) | (asked if isinstance(asked, dict) else {})
    answer = _ANSWERS.get(route)
    return answer(asked) if answer else {}


def _json(document: Document) -> bytes:
    return json.dumps(document).encode()


def _say(
    writer: asyncio.StreamWriter,
    method: str,
    status: str,
    body: bytes,
    kind: str = "application/json",
    challenge: str = "",
) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"X-Request-Id: {secrets.token_hex(8)}", "X-Content-Type-Options: nosniff", "Connection: close"]
    lines += [f"WWW-Authenticate: {challenge}"] if challenge else []
    writer.write("\r\n".join([*lines, "", ""]).encode() + (b"" if method == "HEAD" else body))
