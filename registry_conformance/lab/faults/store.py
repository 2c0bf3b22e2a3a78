"""Faults of the store and of the way to it: outages, and answers that do not come."""

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
        cause="the bucket was deleted or renamed while MLflow runs",
        remedy="restore the bucket under its name, with versioning on and its deletion protected",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        change=on("store", When(), refusal(404, "NoSuchBucket", "The specified bucket does not exist")),
        symptoms=(Ask("GET", _LIST, status="404", shows="bucket does not exist"),),
        incidents=("S9",),
    ),
    Fault(
        name="store-throttles-writes",
        layer="store",
        seen="uploads are 503 after two seconds, reads are fine",
        cause="the bucket takes fewer requests a second than clients send, for longer than MLflow retries",
        remedy="spread keys over prefixes, raise AWS_MAX_ATTEMPTS and set AWS_RETRY_MODE=adaptive for MLflow",
        requirements=("REG-001", "ART-001", "RTE-003"),
        change=on("store", _PUT, _BUSY),
        symptoms=(Ask("PUT", FILE, body="x", status="50[03]", patience=15.0), LogLine("mlflow", "SlowDown")),
        incidents=("S12",),
    ),
    Fault(
        name="store-errors-not-retried",
        layer="mlflow",
        seen="one artifact request in many is an error, and works when it is repeated",
        cause="MLflow asks the store once: AWS_MAX_ATTEMPTS is 1, and S3 is busy for a moment now and then",
        remedy="set AWS_MAX_ATTEMPTS to 3 or more, and AWS_RETRY_MODE to standard, for MLflow",
        requirements=("RES-001", "RES-002", "RES-003", "RES-004"),
        change=both(
            part("mlflow", environment=(("AWS_MAX_ATTEMPTS", "1"),)),
            on("store", When(methods=("PUT",), path="/sign-", times=1), _BUSY),
        ),
        symptoms=(Ask("PUT", FILE, body="x", status="50[03]"),),
        incidents=("S12",),
    ),
    Fault(
        name="store-throttles-everything",
        layer="store",
        seen="every artifact route is 503 after two seconds: 'Please reduce your request rate.'",
        cause="the bucket is throttled for all requests, for longer than MLflow retries",
        remedy="find who floods the bucket; raise AWS_MAX_ATTEMPTS and set AWS_RETRY_MODE=adaptive for MLflow",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        change=on("store", When(), _BUSY),
        symptoms=(Ask("GET", _LIST, status="50[03]", shows="reduce your request rate", patience=15.0),),
        incidents=("S12",),
    ),
    Fault(
        name="store-fails",
        layer="store",
        seen="every artifact route is 503: 'We encountered an internal error.'",
        cause="the store is ill: it answers 500 to everything",
        remedy="see the store's own status and log; until it is well nothing can be uploaded",
        requirements=(
            "REG-001",
            "ART-001",
            "ART-009",
            "RTE-003",
            "ART-004",
            "ART-021",
            "ART-025",
            "ART-030",
            "ERR-047",
            "RES-018",
        ),
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
        cause="a firewall between MLflow and the store resets every connection",
        remedy="allow MLflow's network to reach the store's endpoint: security group, VPC endpoint policy, proxy",
        requirements=("REG-001", "ART-001", "ART-009", "RTE-003"),
        change=on("store", When(), Break()),
        symptoms=(Ask("GET", _LIST, status="50[03]", patience=15.0), LogLine("mlflow", "Connection|connection")),
        incidents=("S13", "N3"),
    ),
    Fault(
        name="uploads-reset-midway",
        layer="network",
        seen="small artifacts are stored, uploads of a few MB and more are 500",
        cause="a device between MLflow and the store resets connections after some hundred KB of a request",
        remedy="take the inspecting device out of the way to the store, or raise its limit for request bodies",
        requirements=("ART-003", "ART-023"),
        change=on("store", When(methods=("PUT",), at_least=300_000), Break(after=200_000)),
        symptoms=(_UPLOADED, Ask("PUT", FILE, body="x" * 400_000, status="50[03]", patience=15.0)),
        incidents=("S17",),
    ),
    Fault(
        name="downloads-reset-midway",
        layer="network",
        seen="uploading works, downloads of some hundred KB and more are 500",
        cause="a device between MLflow and the store resets connections after some hundred KB of an answer",
        remedy="take the inspecting device out of the way to the store, or raise its limit for answers",
        requirements=("ART-005", "ART-023"),
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
        cause="the store takes objects and never answers",
        remedy="set a read timeout and few attempts for MLflow's store client, and have the store looked at",
        requirements=("ART-001", "RTE-003", "RTE-018"),
        change=on("store", _PUT, Stall()),
        symptoms=(Ask("PUT", FILE, body="x", status="none"),),
        incidents=("S13",),
    ),
    Fault(
        name="store-slow",
        layer="store",
        seen="every artifact route takes seconds longer, metadata does not",
        cause="the store is slow: each of the three calls of a download waits",
        remedy="have the store looked at; place MLflow and the bucket in one region",
        requirements=("ART-005", "ART-047"),
        change=on("store", When(), Delay(3.0)),
        symptoms=(Ask("GET", _LIST, status="200", slower=2.9, patience=10.0),),
        incidents=("S23",),
    ),
    Fault(
        name="store-answers-with-a-page",
        layer="network",
        seen="uploads are 200 and not in the bucket, listings are empty, a download is a web page",
        cause="a captive portal or web front stands at the address that MLflow takes for the store",
        remedy="set MLFLOW_S3_ENDPOINT_URL to the store itself",
        requirements=("REG-008", "ART-001", "ART-009", "ART-022"),
        change=on("store", When(), Answer(200, "<html><body>Welcome</body></html>", "text/html")),
        symptoms=(_UPLOADED, Stores("{run}/file", present=False), Ask("GET", FILE, shows="Welcome")),
        incidents=("R21",),
    ),
)
