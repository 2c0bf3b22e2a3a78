"""Faults of the proxy's bounds: sizes and times that real models exceed."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Delay, When
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, SEARCH, VERSION
from registry_conformance.lab.faults.symptom import Ask

_LONG = "x" * 2000
_UPLOAD = ("PUT",)

FAULTS = (
    Fault(
        name="body-limit",
        layer="proxy",
        seen="models of more than a megabyte are 413",
        cause="the proxy's default limit on bodies is in force",
        remedy="lift the limit for the artifact routes (nginx: client_max_body_size 0)",
        requirements=("ART-003", "ART-023"),
        change=part("proxy", body_limit=1 << 20),
        symptoms=(Ask("PUT", FILE, body="x" * ((1 << 20) + 1), status="413"), Ask("PUT", FILE, body="x", status="200")),
        incidents=("R12",),
    ),
    Fault(
        name="bodies-buffered-whole",
        layer="proxy",
        seen="uploads wait until the proxy has all of them, and are 413 above its memory",
        cause="the proxy gathers a body before it forwards the first byte",
        remedy="take the buffer filter out of the chain (nginx: proxy_request_buffering off)",
        requirements=("ART-003", "ART-023", "ART-007"),
        change=part("proxy", buffer=1 << 20),
        symptoms=(
            Ask("PUT", FILE, body="x" * ((1 << 20) + 1), chunked=True, status="413"),
            Ask("PUT", FILE, body="x", status="200"),
        ),
        incidents=("R14",),
    ),
    Fault(
        name="upload-timeout-short",
        layer="proxy",
        seen="large uploads are 504 after exactly the same time, and the object is there sometimes",
        cause="the proxy's timeout of a route covers the whole upload, and S3 needs longer",
        remedy="set timeout: 0s on the artifact routes and bound silence instead (idle_timeout)",
        requirements=("RTE-003", "ART-001", "REG-001"),
        change=both(part("proxy", bytes_timeout=0.5), on("store", When(_UPLOAD), Delay(0.8))),
        symptoms=(Ask("PUT", FILE, body="x", status="504", slower=0.4), Ask("GET", SEARCH, status="200")),
        incidents=("R13",),
    ),
    Fault(
        name="metadata-timeout-short",
        layer="proxy",
        seen="searches that take a second are 504, small requests work",
        cause="the proxy gives MLflow less time than the database needs",
        remedy="set the timeout of the metadata routes to 60 s",
        requirements=("RTE-001",),
        change=both(part("proxy", timeout=0.4), on("mlflow", When(path="/search"), Delay(0.8))),
        symptoms=(Ask("GET", SEARCH, status="504", slower=0.3), Ask("GET", VERSION, status="200")),
        incidents=("R13",),
    ),
    Fault(
        name="header-limit-small",
        layer="proxy",
        seen="keys and cookies of more than a kilobyte are 431",
        cause="the proxy's buffer for headers is smaller than what MLflow takes",
        remedy="take 15 KiB of headers (max_request_headers_kb, large_client_header_buffers)",
        requirements=("RTE-043", "AUT-031"),
        change=part("proxy", headers_kb=1),
        symptoms=(Ask("GET", VERSION, headers=(("X-Long", _LONG),), status="431"), Ask("GET", VERSION, status="200")),
    ),
)
