"""Faults of the proxy's limits: sizes and times that real models exceed."""

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
        requirements=("ART-003", "ART-023"),
        change=part("proxy", body_limit=1 << 20),
        symptoms=(Ask("PUT", FILE, body="x" * ((1 << 20) + 1), status="413"), Ask("PUT", FILE, body="x", status="200")),
        incidents=("R12",),
    ),
    Fault(
        name="bodies-buffered-whole",
        layer="proxy",
        seen="uploads wait until the proxy has all of them, and are 413 above its memory",
        cause="body-limit",
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
        change=both(part("proxy", bytes_timeout=0.5), on("store", When(_UPLOAD), Delay(0.8))),
        symptoms=(Ask("PUT", FILE, body="x", status="504", slower=0.4), Ask("GET", SEARCH, status="200")),
        incidents=("R13",),
    ),
    Fault(
        name="metadata-timeout-short",
        layer="proxy",
        seen="searches that take a second are 504, small requests work",
        change=both(part("proxy", timeout=0.4), on("mlflow", When(path="/search"), Delay(0.8))),
        symptoms=(Ask("GET", SEARCH, status="504", slower=0.3), Ask("GET", VERSION, status="200")),
        incidents=("R13",),
    ),
    Fault(
        name="header-limit-small",
        layer="proxy",
        seen="keys and cookies of more than a kilobyte are 431",
        change=part("proxy", headers_kb=1),
        symptoms=(Ask("GET", VERSION, headers=(("X-Long", _LONG),), status="431"), Ask("GET", VERSION, status="200")),
    ),
)
