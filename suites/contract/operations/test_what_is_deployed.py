"""Those who run the deployment learn what is deployed, and what the proxy costs."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.latency import LatencyComparison
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

BUDGET = 10.0
"""How many times as long as at the origin a request may take through the proxy."""


@verifies("OPS-020")
def test_health_is_the_origins(door: MlflowHttp, origin: MlflowHttp) -> None:
    """Health at the door is the answer of MLflow itself."""
    here, there = expect_status(door.health(), 200), require(origin.health(), 200)

    expect_equal(here.content, there.content, "health")
    expect_equal(here.header("x-frame-options"), there.header("x-frame-options"), "the header of MLflow's answers")


@verifies("OPS-021")
def test_health_is_answered_to_head(door: MlflowHttp) -> None:
    """Health is answered to HEAD, without a body."""
    require(door.health(), 200)  # control: GET is answered

    expect_equal(expect_status(door.send("HEAD", "/health"), 200).response_body.size, 0, "bytes")


@one_door
@verifies("OPS-022")
def test_version_is_what_is_deployed(door: MlflowHttp, deployed: str) -> None:
    """The version at the door is the one that was deployed."""
    expect_equal(expect_status(door.version(), 200).text, deployed, "version")


@one_door
@verifies("OPS-023")
def test_proxy_keeps_to_its_budget(latency_comparison: LatencyComparison) -> None:
    """A request through the proxy takes at most ten times the origin's time."""
    ratio = latency_comparison.ratio()
    assert ratio <= BUDGET, f"{ratio:.1f} times the origin's latency: {latency_comparison}"
