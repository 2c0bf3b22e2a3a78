"""While the auth service is down nobody gets in, everybody is told to try again, and health is open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Auth

DOWN = replace(REFERENCE, auth=Auth(up=False))
CARRIERS: list[Carrier] = ["bearer", "apikey", "x-api-key"]
REQUESTS = [
    ("GET", f"{REST}/experiments/get?experiment_id=0"),
    ("POST", f"{REST}/registered-models/create"),
    ("PUT", f"{ARTIFACTS}/artifacts/outage/theirs.bin"),
    ("GET", f"{ARTIFACTS}/artifacts/outage/mine.bin"),
    ("GET", "/"),
]


@verifies("AUT-054")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_good_key_is_told_to_try_again(scratch: Scratch, carrier: Carrier) -> None:
    """A good key is a JSON 503 with a time to wait."""
    require(scratch.apply(REFERENCE).search_experiments(carrier=carrier), 200)  # control: the key is good
    told = expect_refused(scratch.apply(DOWN).search_experiments(carrier=carrier), 503)

    assert told.header("retry-after").isdecimal(), told


@verifies("AUT-054")
@pytest.mark.parametrize(("method", "path"), REQUESTS)
@pytest.mark.parametrize("role", ["admin", "reader", "anonymous"])
def test_nobody_gets_in(scratch: Scratch, method: str, path: str, role: str) -> None:
    """A request of any kind by anybody is a 503."""
    door = scratch.apply(DOWN).with_key({"anonymous": None}.get(role) or scratch.target.keys.get(role))

    expect_refused(door.send(method, path, json={"name": "outage"}), 503)


@verifies("AUT-055")
def test_outage_of_auth_leaves_nothing_behind(scratch: Scratch) -> None:
    """What is refused while the auth service is down is not done."""
    place = "mlflow-artifacts:/auth-outage"
    require(scratch.apply(REFERENCE).put_artifact(place, "mine.bin", b"1"), 200)  # control: uploads work
    refused = scratch.apply(DOWN).put_artifact(place, "theirs.bin", b"22")

    expect_refused(refused, 503)
    expect_equal(scratch.bucket.under(place), {"mine.bin": 1}, "objects")


@verifies("OPS-030")
def test_health_needs_no_auth_service(scratch: Scratch) -> None:
    """Health is answered while the auth service is down."""
    door = scratch.apply(DOWN)

    require(door.search_experiments(), 503)  # control: it is down
    expect_status(door.with_key(None).health(), 200)
    expect_status(door.health(), 200)


@verifies("OPS-031")
def test_service_resumes_with_the_auth_service(scratch: Scratch) -> None:
    """The first request after the auth service is back is served."""
    require(scratch.apply(DOWN).search_experiments(), 503)
    door = scratch.apply(REFERENCE)

    expect_status(door.search_experiments(), 200)
    expect_refused(door.with_key(None).search_experiments(), 401)
