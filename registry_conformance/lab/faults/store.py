"""Faults of the store and the connection to it: outages and missing responses."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, Answer, Break, Delay, Stall, When
from registry_conformance.lab.faults.change import both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, FOLDER
from registry_conformance.lab.faults.refusals_of_s3 import refusal
from registry_conformance.lab.faults.symptom import Ask, LogLine, Stores

_LIST = f"{FOLDER}{{run}}"
_PUT = When(methods=("PUT",), path="^/[^/?]+/.")
_GET = When(methods=("GET",), path=r"^/[^/?]+/[^?]")
_BUSY = refusal(503, "SlowDown", "Please reduce your request rate.")
_UPLOADED = Ask("PUT", FILE, body="x", status="200")


FAULTS = (
    Fault(
        name="bucket-deleted",
        layer="store",
        seen="worked, and then listing is 404, uploading 500, health fine",
        cause="bucket-missing",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        change=on("store", When(), refusal(404, "NoSuchBucket", "The specified bucket does not exist")),
        symptoms=(Ask("GET", _LIST, status="404", shows="bucket does not exist"),),
        incidents=("S9",),
    ),
    Fault(
        name="store-throttles-writes",
        layer="store",
        seen="uploads are 503 after two seconds, reads are fine",
        change=on("store", _PUT, _BUSY),
        symptoms=(Ask("PUT", FILE, body="x", status="50[03]", patience=15.0), LogLine("mlflow", "SlowDown")),
        incidents=("S12",),
    ),
    Fault(
        name="store-errors-not-retried",
        layer="mlflow",
        seen="one artifact request in many is an error, and works when it is repeated",
        change=both(
            part("mlflow", environment=(("AWS_MAX_ATTEMPTS", "1"),)),
            on("store", When(methods=("PUT",), path="/sign-", times=1), _BUSY),
        ),
        symptoms=(Ask("PUT", FILE, body="x", status="50[03]"),),
        incidents=("S12",),
        latent="the store fails once, and a check meets that",
    ),
    Fault(
        name="store-throttles-everything",
        layer="store",
        seen="every artifact route is 503 after two seconds: 'Please reduce your request rate.'",
        change=on("store", When(), _BUSY),
        symptoms=(Ask("GET", _LIST, status="50[03]", shows="reduce your request rate", patience=15.0),),
        incidents=("S12",),
    ),
    Fault(
        name="store-fails",
        layer="store",
        seen="every artifact route is 503: 'We encountered an internal error.'",
        change=on(
            "store", When(), refusal(500, "InternalError", "We encountered an internal error. Please try again.")
        ),
        symptoms=(Ask("GET", _LIST, status="50[03]", shows="internal error", patience=15.0),),
        incidents=("S12",),
    ),
    Fault(
        name="store-unreachable",
        layer="network",
        seen="every artifact route is 503 without a cause, metadata fine",
        change=on("store", When(), Break()),
        symptoms=(Ask("GET", _LIST, status="50[03]", patience=15.0), LogLine("mlflow", "Connection|connection")),
        incidents=("S13", "N3"),
    ),
    Fault(
        name="uploads-reset-midway",
        layer="network",
        seen="small artifacts are stored, uploads of a few MB and more are 500",
        change=on("store", When(methods=("PUT",), at_least=300_000), Break(after=200_000)),
        symptoms=(_UPLOADED, Ask("PUT", FILE, body="x" * 400_000, status="50[03]", patience=15.0)),
        incidents=("S17",),
    ),
    Fault(
        name="downloads-reset-midway",
        layer="network",
        seen="uploading works, downloads of some hundred KB and more are 500",
        change=on("store", _GET, Break(after=100_000, side=ANSWER)),
        symptoms=(
            Ask("PUT", FILE, body="x" * 400_000, status="200"),
            Ask("GET", FILE, status="50[03]|none", patience=20.0),
        ),
        incidents=("S14",),
    ),
    Fault(
        name="uploads-hang",
        layer="store",
        seen="uploads hang, reads are fine, health too",
        change=on("store", _PUT, Stall()),
        symptoms=(Ask("PUT", FILE, body="x", status="none"),),
        incidents=("S13",),
    ),
    Fault(
        name="store-slow",
        layer="store",
        seen="every artifact route takes seconds longer, metadata does not",
        change=on("store", When(), Delay(3.0)),
        symptoms=(Ask("GET", _LIST, status="200", slower=2.9, patience=10.0),),
        incidents=("S23",),
    ),
    Fault(
        name="store-answers-with-a-page",
        layer="network",
        seen="uploads are 200 and not in the bucket, listings are empty, a download is a web page",
        change=on("store", When(), Answer(200, "<html><body>Welcome</body></html>", "text/html")),
        symptoms=(_UPLOADED, Stores("{run}/file", present=False), Ask("GET", FILE, shows="Welcome")),
        incidents=("R21",),
    ),
)
