"""Those who run the deployment learn what is deployed, and what the proxy costs."""

from __future__ import annotations

from fixtures.checks import one_door
from fixtures.checks.pace import Pace
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_status, given
from fixtures.requirement import verifies

BUDGET = 10.0
"""How many times as long as at the origin a request may take through the proxy."""


@verifies("OPS-020")
def test_health_is_the_origins(anonymous: Wire, origin: Wire) -> None:
    """Health at the door is what MLflow itself says."""
    here, there = expect_status(anonymous.health(), 200), given(origin.health(), 200)

    expect_equal(here.content, there.content, "health")
    expect_equal(here.header("x-frame-options"), there.header("x-frame-options"), "the header of MLflow's answers")


@verifies("OPS-021")
def test_health_is_answered_to_head(anonymous: Wire) -> None:
    """Health is answered to HEAD, without a body."""
    given(anonymous.health(), 200)  # control: GET is answered

    expect_equal(expect_status(anonymous.send("HEAD", "/health"), 200).response_body.size, 0, "bytes")


@one_door
@verifies("OPS-022")
def test_version_is_what_is_deployed(door: Wire, deployed: str) -> None:
    """The version at the door is the one that was deployed."""
    expect_equal(expect_status(door.version(), 200).text, deployed, "version")


@one_door
@verifies("OPS-023")
def test_proxy_keeps_to_its_budget(pace: Pace) -> None:
    """A request through the proxy takes at most ten times the origin's time."""
    assert pace.ratio() <= BUDGET, f"{pace.ratio():.1f} times the origin's time: {pace}"
