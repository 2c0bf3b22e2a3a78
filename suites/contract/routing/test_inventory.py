"""Every route of MLflow reaches, at every door, the handler that it has at the origin."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.routes import ask, ask_each, family
from registry_conformance.judge.clients.comparison import expect_same_answer_each
from registry_conformance.judge.clients.inventory import Route
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_each_refused, expect_equal, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("RTE-025")
@family("rest 2.0")
def test_rest_2_route_reaches_its_handler(every_door: list[MlflowHttp], origin: MlflowHttp, route: Route) -> None:
    """A route of the 2.0 API is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-026")
@family("rest 3.0")
def test_rest_3_route_reaches_its_handler(every_door: list[MlflowHttp], origin: MlflowHttp, route: Route) -> None:
    """A route of the 3.0 API is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-027")
@family("ajax 2.0")
def test_ajax_2_route_reaches_its_handler(every_door: list[MlflowHttp], origin: MlflowHttp, route: Route) -> None:
    """A route of the browser's 2.0 API is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-028")
@family("ajax 3.0")
def test_ajax_3_route_reaches_its_handler(every_door: list[MlflowHttp], origin: MlflowHttp, route: Route) -> None:
    """A route of the browser's 3.0 API is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-029")
@family("artifacts")
def test_artifact_route_reaches_its_handler(every_door: list[MlflowHttp], origin: MlflowHttp, route: Route) -> None:
    """A route of the artifact API is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-030")
@family("ajax artifacts")
def test_ajax_artifact_route_reaches_its_handler(
    every_door: list[MlflowHttp], origin: MlflowHttp, route: Route
) -> None:
    """A route of the browser's artifact API is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-031")
@family("pages")
def test_page_reaches_its_handler(every_door: list[MlflowHttp], origin: MlflowHttp, route: Route) -> None:
    """A page or tool route is answered everywhere as at the origin."""
    there = ask(origin, route)

    expect_same_answer_each(ask_each(every_door, route), there)


@verifies("RTE-032")
@family("unserved")
def test_undeclared_route_is_not_served(
    door: MlflowHttp, every_door: list[MlflowHttp], origin: MlflowHttp, route: Route
) -> None:
    """A route that the deployment does not declare is a JSON 404 everywhere."""
    require(door.search_experiments(), 200)  # control: what is declared is served
    there = ask(origin, route)

    assert there.status, there  # control: the origin answers
    here = expect_each_refused(ask_each(every_door, route), 404)
    expect_equal({each.header("x-frame-options") for each in here}, {""}, "the header that MLflow puts on each answer")
