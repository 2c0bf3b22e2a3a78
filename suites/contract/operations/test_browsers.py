"""Browsers are kept to what the deployment declares."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

pytestmark = one_door

SEARCH = f"{REST}/experiments/search"
NEAR, FAR = ("Origin", "http://localhost:3000"), ("Origin", "http://elsewhere.test")
ASKING = ("Access-Control-Request-Method", "POST")
WELL = (200, 204)
"""How a preflight is answered that is allowed: by any success (Fetch, section 4.8)."""


@lacks_right("anonymous", "read")
@verifies("OPS-015")
def test_preflight_needs_no_key(anonymous: MlflowHttp) -> None:
    """A preflight from an allowed origin is answered without a key."""
    require(anonymous.search_experiments(), 401)  # control: the request itself needs a key
    allowed = expect_status(anonymous.send("OPTIONS", SEARCH, headers=[NEAR, ASKING]), *WELL)

    expect_equal(allowed.header("access-control-allow-origin"), NEAR[1], "allowed origin")


@verifies("OPS-016")
@upstream_defect("not reported upstream", versions=">=3.5.1,<=3.9.0")
def test_preflight_of_a_foreign_page_is_refused(door: MlflowHttp) -> None:
    """A preflight from a foreign page is not allowed."""
    require(door.send("OPTIONS", SEARCH, headers=[NEAR, ASKING]), *WELL)  # control: an allowed one is
    refused = door.send("OPTIONS", SEARCH, headers=[FAR, ASKING])

    assert not refused.broke, refused
    named = {refused.header("access-control-allow-origin")} & {FAR[1], "*"}  # another one is not this page's
    expect_equal(named, set(), "allowed origins that let the foreign page in")


@verifies("OPS-017")
@pytest.mark.parametrize("origin", ["http://elsewhere.test", "null", "http://localhost.elsewhere.test"])
def test_foreign_page_changes_nothing(door: MlflowHttp, unique: Unique, origin: str) -> None:
    """A change sent by a foreign page is refused, and not made."""
    name = unique("model")
    document = {"name": name}
    refused = door.send("POST", f"{REST}/registered-models/create", json=document, headers=[("Origin", origin)])

    expect_denied(refused)
    expect_status(door.get("registered-models/get", name=name), 404)
    require(door.create_model(name), 200)  # control: without a page it is made


@verifies("OPS-018")
@pytest.mark.parametrize(
    "path", ["/", "/version", f"{REST}/experiments/get?experiment_id=0", f"{REST}/runs/get?run_id=x"]
)
def test_security_headers_arrive(door: MlflowHttp, origin: MlflowHttp, path: str) -> None:
    """MLflow's security headers arrive at the client."""
    here, there = door.send("GET", path), origin.send("GET", path)

    expect_equal(there.header("x-content-type-options"), "nosniff", "what MLflow sends")  # control: MLflow sends it
    expect_equal(here.header("x-content-type-options"), "nosniff", "X-Content-Type-Options")
    expect_equal(here.header("x-frame-options"), there.header("x-frame-options"), "X-Frame-Options")
