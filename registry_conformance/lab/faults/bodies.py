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
        cause="the proxy passes DELETE on without its body",
        remedy="forward the body of every method, DELETE included",
        requirements=("RTE-017", "REG-020"),
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
        cause="the proxy reads as many bytes as Content-Length says, and takes a missing one for 0",
        remedy="pass Transfer-Encoding: chunked on, or read to the end of the body before announcing its length",
        requirements=("ART-007", "RTE-044"),
        change=on("mlflow", When(header=("transfer-encoding", "chunked")), CutBody(0)),
        symptoms=(Ask("PUT", FILE, body="chunks", chunked=True, status="200"), Stores("{run}/file", size=0)),
        incidents=("R23",),
    ),
    Fault(
        name="uploads-cut-at-first-block",
        layer="proxy",
        seen="every upload is 200; models above 64 KiB do not load: the object is 64 KiB long",
        cause="the proxy forwards the first block that it reads, and announces its length",
        remedy="loop until the whole body is read, or stream it",
        requirements=("ART-023", "ART-037", "ART-050", "OPS-026", "RES-002", "RES-009", "RES-010", "RES-011"),
        change=on("mlflow", When(methods=("PUT",), at_least=_BLOCK + 1), CutBody(_BLOCK)),
        symptoms=(Ask("PUT", FILE, body="x" * 70_000, status="200"), Stores("{run}/file", size=_BLOCK)),
        incidents=("S14", "R23"),
    ),
    Fault(
        name="uploads-read-as-text",
        layer="proxy",
        seen="text files survive, models do not load: bytes above 127 are question marks",
        cause="the proxy decodes bodies as text and encodes them again, replacing what it cannot read",
        remedy="handle bodies as bytes: request.body, not request.text",
        requirements=("ART-023", "REG-008"),
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
        cause="a middlebox between proxy and MLflow changes a byte, and nothing checks on the way",
        remedy="take the middlebox out of the path, or use TLS between proxy and MLflow",
        requirements=(
            "ART-023",
            "REG-008",
            "ART-020",
            "ART-030",
            "ART-032",
            "ART-034",
            "ART-049",
            "ART-048",
            "REG-017",
        ),
        change=on("mlflow", When(methods=("PUT",)), FlipByte(0)),
        symptoms=(Ask("PUT", FILE, body="wanted", status="200"), Ask("GET", FILE, status="200", lacks="wanted")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-cut",
        layer="proxy",
        seen="downloads end early with 200, and nothing says that bytes are missing",
        cause="the proxy passes the first block of an answer on as if it were all",
        remedy="stream answers to their end; do not read them with one read()",
        requirements=("ART-005", "RTE-046", "RTE-011", "RTE-024", "ART-032", "ART-033"),
        change=on("proxy", When(("GET",), _FILES), CutBody(4, ANSWER)),
        symptoms=(Ask("PUT", FILE, body="wanted", status="200"), Ask("GET", FILE, status="200", lacks="wanted")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-read-as-text",
        layer="proxy",
        seen="downloaded models do not load, though the bucket holds the right bytes",
        cause="the proxy decodes answers as text, replacing what it cannot read",
        remedy="pass answers on as bytes: response.content, not response.text",
        requirements=("ART-005", "RTE-046"),
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
        cause="the proxy copies JSON bodies into a buffer of 4 KiB",
        remedy="remove the buffer's bound for JSON bodies: MLflow takes documents of a megabyte",
        requirements=("REG-043",),
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
