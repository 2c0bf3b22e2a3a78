"""A registered model loads in a fresh process and answers as before."""

from __future__ import annotations

import pytest

from registry_conformance.judge.clients.registration import Registration
from registry_conformance.judge.expect import expect_equal, expect_status
from registry_conformance.judge.requirement import verifies


@verifies("REG-015")
def test_fresh_client_gets_the_same_answers(registration: Registration) -> None:
    """A fresh client loads the model and gets the same answers."""
    before = registration.complete()
    back = registration.back()

    assert back.predictions or back.files, "the fresh client came back with nothing"
    expect_equal(back.predictions, before.predictions, "predictions")
    expect_equal(back.files, registration.files_when_downloaded(), "files")


@pytest.mark.usefixtures("through_the_door")
@verifies("REG-016")
def test_fresh_client_on_the_proxy_gets_the_same_answers(registration: Registration) -> None:
    """A fresh client that stays on the proxy gets the same answers."""
    before = registration.complete()
    back = registration.back(forced=True)

    assert back.predictions or back.files, "the fresh client came back with nothing"
    expect_equal(back.predictions, before.predictions, "predictions")
    expect_equal(back.files, registration.files_when_downloaded(), "files")


@pytest.mark.usefixtures("through_the_door")
@verifies("REG-017")
def test_client_on_the_proxy_speaks_to_nothing_else(registration: Registration) -> None:
    """A client that stays on the proxy speaks to nothing else."""
    there = registration.complete().exchanges
    back = registration.back(forced=True).exchanges
    elsewhere = [str(exchange) for exchange in (*there, *back) if exchange.door != registration.door.door.name]

    assert there, "the registration made no exchange"
    assert back, "the load made no exchange"
    expect_equal(elsewhere, [], "requests past the door")


@pytest.mark.usefixtures("through_the_door")
@verifies("REG-021")
def test_client_takes_the_announced_route(registration: Registration) -> None:
    """A client loads a model through the route the server announces."""
    announced = expect_status(registration.door.server_info(), 200).document["multipart_downloads_enabled"]
    used = any("/mlflow-artifacts/presigned/" in exchange.url for exchange in registration.back().exchanges)

    expect_equal(used, announced, "presigned downloads")
