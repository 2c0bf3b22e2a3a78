"""A store in lasting trouble is told as that, soon, to clients in few words and to the log in all."""

from __future__ import annotations

from operator import itemgetter
from urllib.parse import urlsplit

import pytest

from fixtures.essentials import Payload, Unique
from fixtures.outages import Outages
from fixtures.refusals import holding
from fixtures.scratch_stack import Scratch
from fixtures.store_faults import IMPATIENT, TROUBLE, WATCHED, crowd, troubled, uploads_refused
from registry_conformance.judge.clients.witness import Witness
from registry_conformance.judge.expect import expect_each_refused, expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.disturbance import When

LATE = 10.0
"""Seconds after which nobody would say that 0.3 s were kept: every other limit is longer."""
LASTING = [
    "InsufficientStorage",
    "NotImplemented",
    "QuotaExceeded",
    "XMinioAdminBucketQuotaExceeded",
    "XMinioStorageFull",
]
"""S3's error codes for what no second attempt mends."""
PASSING = ["InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"]
"""S3's error codes for trouble that passes by itself."""
UNAVAILABLE = ["slow-down", "internal-error", "reset", "silence"]


@verifies("RES-013")
def test_slow_store_makes_nobody_else_wait(scratch: Scratch, unique: Unique) -> None:
    """Metadata and health do not wait for a slow store."""
    place = f"mlflow-artifacts:/{unique('place')}"
    require(scratch.apply(WATCHED).put_artifact(place, "a.bin", b"x"), 200)
    door = scratch.apply(troubled("store", TROUBLE["delay"], "any"))
    *slow, metadata, health = crowd(door, place, "a.bin")

    expect_equal([answer.status for answer in slow], [200] * len(slow), "answers that needed the store")  # control
    expect_status(metadata, 200)
    expect_status(health, 200)
    expect_equal(max(metadata.seconds, health.seconds) < min(one.seconds for one in slow), True, "nobody waited")


@verifies("RES-005")
@pytest.mark.parametrize("trouble", UNAVAILABLE)
def test_outage_is_a_json_503(outage: Outages, trouble: str) -> None:
    """An artifact request is a JSON 503 that names the storage."""
    seen = outage(trouble)
    told = expect_each_refused(seen.artifacts, 503)

    expect_equal([answer.error_code for answer in told], ["TEMPORARILY_UNAVAILABLE"] * 6, "codes")
    expect_equal([answer.header("retry-after").isdecimal() for answer in told], [True] * 6, "times to wait")
    expect_equal(["storage is unavailable" in answer.text for answer in told], [True] * 6, "storage named")
    expect_status(seen.metadata, 200)


@verifies("RES-006")
@pytest.mark.parametrize("trouble", UNAVAILABLE)
def test_outage_names_no_inner_address(scratch: Scratch, outage: Outages, trouble: str) -> None:
    """The error of an outage names no bucket and no address."""
    told = expect_each_refused(outage(trouble).artifacts, 503)
    access = scratch.bucket.access
    inner = (access.bucket, urlsplit(access.endpoint).netloc, "127.0.0.1", "s3://", "http://")

    expect_equal(holding(told, *inner), [], "errors with an address")


@verifies("RES-007")
@pytest.mark.parametrize(
    ("trouble", "code"), [("slow-down", "SlowDown"), ("reset", "ConnectionClosedError"), ("denial", "AccessDenied")]
)
def test_fault_is_found_in_the_log(scratch: Scratch, unique: Unique, trouble: str, code: str) -> None:
    """The log names bucket, key and error code by request id."""
    place = f"mlflow-artifacts:/{unique('place')}"
    door = scratch.apply(troubled("store", TROUBLE[trouble], "any", base=IMPATIENT))
    failed = require(door.put_artifact(place, "a.bin", b"x"), 500, 503)
    faults = [fault for line in scratch.served.about(failed.request_id) for fault in line.get("store", ())]
    told = itemgetter("operation", "bucket", "key", "code", "attempts")
    said = [told(fault) for fault in faults]

    key = scratch.bucket.key_for(place, "a.bin")
    expect_equal(said, [("PutObject", scratch.bucket.access.bucket, key, code, 1)], "faults in the log")


@verifies("RES-008")
def test_silent_store_is_given_up_in_time(scratch: Scratch, outage: Outages, unique: Unique) -> None:
    """A store that says nothing is given up in the declared time."""
    place = f"mlflow-artifacts:/{unique('place')}"
    require(scratch.apply(IMPATIENT).put_artifact(place, "a.bin", b"x"), 200)  # control: the store answers
    told = expect_each_refused(outage("silence").artifacts, 503)

    expect_equal([answer for answer in told if answer.seconds > LATE], [], f"answers after {LATE:.0f} s")


@verifies("RES-009")
@pytest.mark.parametrize(("trouble", "call"), [("reset-midway", "put"), ("slow-down", "second-part")])
def test_broken_upload_leaves_nothing(
    scratch: Scratch, payload: Payload, unique: Unique, trouble: str, call: str
) -> None:
    """An upload that the store breaks off leaves nothing."""
    place = f"mlflow-artifacts:/{unique('place')}"
    whole = require(scratch.apply(IMPATIENT).put_artifact(place, "whole.bin", payload(400_000)), 200)
    door = scratch.apply(troubled("store", TROUBLE[trouble], call, base=IMPATIENT))
    expect_refused(door.put_artifact(place, "broken.bin", payload(9_000_000)), 503)

    expect_equal(scratch.bucket.under(place), {"whole.bin": whole.request_body.size}, "objects")
    expect_equal(scratch.bucket.unfinished(place, "broken.bin"), 0, "unfinished uploads")


@verifies("RES-017")
def test_refusal_of_the_store_is_named(scratch: Scratch, unique: Unique) -> None:
    """An upload that the store refuses is told with S3's code."""
    place = f"mlflow-artifacts:/{unique('place')}"
    require(scratch.apply(IMPATIENT).put_artifact(place, "a.bin", b"x"), 200)  # control: uploads work
    door = scratch.apply(troubled("store", TROUBLE["denial"], "put", base=IMPATIENT))
    told = expect_refused(door.put_artifact(place, "a.bin", b"x"), 500)

    assert "storage" in told.text, told
    assert "AccessDenied" in told.text, told


@verifies("RES-018")
def test_refused_upload_harms_no_later_one(scratch: Scratch, unique: Unique) -> None:
    """Uploads right after refused ones are stored."""
    place = f"mlflow-artifacts:/{unique('place')}"
    only_some = When(methods=("PUT",), path="refused")
    door = scratch.apply(troubled("store", TROUBLE["denial"], only_some, base=REFERENCE))
    names = ["refused.bin", "stored.bin"] * 20
    told = [door.put_artifact(place, name, b"x" * 1000).status for name in names]

    expect_equal(told, [500, 200] * 20, "answers")


@verifies("RES-020")
@pytest.mark.parametrize("status", [500, 503, 507])
def test_lasting_trouble_asks_nobody_to_try_again(scratch: Scratch, unique: Unique, status: int) -> None:
    """A store that is full is no passing trouble, whatever its status."""
    told = uploads_refused(scratch, f"mlflow-artifacts:/{unique('place')}", status, LASTING)

    expect_equal(told, dict.fromkeys(LASTING, (500, False)), "answers by S3's code")


@verifies("RES-020")
@pytest.mark.parametrize("status", [400, 503])
def test_passing_trouble_asks_to_try_again(scratch: Scratch, unique: Unique, status: int) -> None:
    """A store that is busy is passing trouble, whatever its status."""
    told = uploads_refused(scratch, f"mlflow-artifacts:/{unique('place')}", status, PASSING)

    expect_equal(told, dict.fromkeys(PASSING, (503, True)), "answers by S3's code")


@verifies("RES-020")
@pytest.mark.parametrize(("status", "told"), [(500, 503), (502, 503), (503, 503), (504, 503), (400, 500), (501, 500)])
def test_trouble_without_a_known_code_is_told_by_its_status(
    scratch: Scratch, unique: Unique, status: int, told: int
) -> None:
    """A code that nobody knows says nothing, and the status counts."""
    found = uploads_refused(scratch, f"mlflow-artifacts:/{unique('place')}", status, ["SomethingElse"])

    expect_equal(found, {"SomethingElse": (told, told == 503)}, "answers by status")


@verifies("RES-018")
@pytest.mark.parametrize(("trouble", "status"), [("denial", 500), ("slow-down", 503)])
def test_failed_answer_ends_its_connection(scratch: Scratch, unique: Unique, trouble: str, status: int) -> None:
    """A failed answer of MLflow says that its connection ends, others do not."""
    place = f"mlflow-artifacts:/{unique('place')}"
    door = scratch.apply(troubled("store", TROUBLE[trouble], "begin", base=IMPATIENT))
    failed = require(door.create_multipart(place, "a.bin", parts=1), status)
    served, refused = require(door.search_experiments(), 200), require(door.get("runs/get", run_id="none"), 404)
    witness = Witness(scratch.target.records["mlflow"])
    said = [witness.saw(each.request_id)[1].values("connection") for each in (failed, served, refused)]

    expect_equal(said, [["close"], [], []], "what MLflow says of connections")
