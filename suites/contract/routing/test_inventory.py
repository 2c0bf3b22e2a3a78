"""Every route of MLflow reaches the handler that it has at the origin."""

from __future__ import annotations

from fixtures.checks import family, one_door
from fixtures.checks.routes import ask
from fixtures.clients.comparison import expect_same_answer
from fixtures.clients.inventory import Route
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_refused, given
from fixtures.requirement import verifies

pytestmark = one_door


@verifies("RTE-025")
@family("rest 2.0")
def test_rest_2_route_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route of the 2.0 API is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-026")
@family("rest 3.0")
def test_rest_3_route_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route of the 3.0 API is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-027")
@family("ajax 2.0")
def test_ajax_2_route_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route of the browser's 2.0 API is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-028")
@family("ajax 3.0")
def test_ajax_3_route_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route of the browser's 3.0 API is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-029")
@family("artifacts")
def test_artifact_route_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route of the artifact API is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-030")
@family("ajax artifacts")
def test_ajax_artifact_route_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route of the browser's artifact API is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-031")
@family("pages")
def test_page_reaches_its_handler(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A page or tool route is answered as at the origin."""
    expect_same_answer(ask(by_turns, route), ask(origin, route))


@verifies("RTE-032")
@family("unserved")
def test_undeclared_route_is_not_served(by_turns: Wire, origin: Wire, route: Route) -> None:
    """A route that the deployment does not declare is a JSON 404."""
    given(by_turns.search_experiments(), 200)  # control: what is declared is served
    there = ask(origin, route)

    assert there.status, there  # control: the origin answers
    here = expect_refused(ask(by_turns, route), 404)
    expect_equal(here.header("x-frame-options"), "", "the header that MLflow puts on each answer")
