"""Faults of the proxy's handling of bodies: bytes that are lost, changed, or read as text on their way."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, CutBody, EditBody, FlipByte, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import CREATE, FILE, REST
from registry_conformance.lab.faults.symptom import Ask, Stores

_FILES = r"/mlflow-artifacts/artifacts/"
_BLOCK = 65536

FAULTS = (
    Fault(
        name="delete-bodies-dropped",
        layer="proxy",
        seen="deleting a tag, alias, version or model: 400, missing value for parameter 'name'",
        change=on("mlflow", When(methods=("DELETE",)), CutBody(0)),
        symptoms=(
            Ask(
                "DELETE",
                f"{REST}/registered-models/delete",
                headers=(("Content-Type", "application/json"),),
                body='{"name": "{run}"}',
                status="400",
                shows="name",
            ),
        ),
        incidents=("R11",),
    ),
    Fault(
        name="chunked-bodies-lost",
        layer="proxy",
        seen="uploads of unannounced size succeed and are stored as 0 bytes",
        change=on("mlflow", When(header=("transfer-encoding", "chunked")), CutBody(0)),
        symptoms=(Ask("PUT", FILE, body="chunks", chunked=True, status="200"), Stores("{run}/file", size=0)),
        incidents=("R23",),
    ),
    Fault(
        name="uploads-cut-at-first-block",
        layer="proxy",
        seen="every upload is 200; models above 64 KiB do not load: the object is 64 KiB long",
        change=on("mlflow", When(methods=("PUT",), at_least=_BLOCK + 1), CutBody(_BLOCK)),
        symptoms=(Ask("PUT", FILE, body="x" * 70_000, status="200"), Stores("{run}/file", size=_BLOCK)),
        incidents=("S14", "R23"),
    ),
    Fault(
        name="uploads-read-as-text",
        layer="proxy",
        seen="text files survive, models do not load: bytes above 127 are question marks",
        change=on("mlflow", When(methods=("PUT",)), EditBody(r"[\x80-\xff]", "?", "request")),
        symptoms=(
            Ask("PUT", FILE, body="caf\u00e9", status="200"),
            Ask("GET", FILE, status="200", shows=r"caf\?\?"),
        ),
        incidents=("S14",),
    ),
    Fault(
        name="uploads-corrupted",
        layer="proxy",
        seen="uploads succeed, the stored bytes differ from those sent",
        change=on("mlflow", When(methods=("PUT",)), FlipByte(0)),
        symptoms=(Ask("PUT", FILE, body="wanted", status="200"), Ask("GET", FILE, status="200", lacks="wanted")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-cut",
        layer="proxy",
        seen="downloads end early with 200, and nothing says that bytes are missing",
        change=on("proxy", When(("GET",), _FILES), CutBody(4, ANSWER)),
        symptoms=(Ask("PUT", FILE, body="wanted", status="200"), Ask("GET", FILE, status="200", lacks="wanted")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-read-as-text",
        layer="proxy",
        seen="downloaded models do not load, though the bucket holds the right bytes",
        change=on("proxy", When(("GET",), _FILES), EditBody(r"[\x80-\xff]", "?")),
        symptoms=(
            Ask("PUT", FILE, body="caf\u00e9", status="200"),
            Ask("GET", FILE, status="200", shows=r"caf\?\?"),
        ),
        incidents=("S14",),
    ),
    Fault(
        name="json-bodies-cut",
        layer="proxy",
        seen="small requests work, batches of params and long descriptions fail with 400",
        change=on("mlflow", When(methods=("POST",), path="/mlflow/", at_least=4097), CutBody(4096)),
        symptoms=(
            Ask(
                "POST",
                CREATE,
                headers=(("Content-Type", "application/json"),),
                body='{"name": "{run}", "tags": [{"key": "long", "value": "' + "x" * 4200 + '"}]}',
                status="400",
            ),
        ),
        incidents=("R11",),
    ),
)
