"""Where MLflow redirects to, its client reaches through the proxy."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from fixtures.scratch_stack import Scratch
from fixtures.troubled_deployments import redirecting
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import verifies

PLACE = f"{REST}/elsewhere?a=b"


@verifies("RTE-051")
def test_redirect_leads_back_to_its_door(scratch: Scratch) -> None:
    """A redirect to the host MLflow was asked by leads back."""
    doors = redirecting(scratch, f"http://localhost{PLACE}")
    told = [require(door.get("experiments/get", experiment_id="0"), 307).header("location") for door in doors]

    expect_equal(told, [urlsplit(door.door.url).path.rstrip("/") + PLACE for door in doors], "places")


@verifies("RTE-051")
@pytest.mark.parametrize("place", ["https://elsewhere.test/a?b=c", "/relative", "http://localhosts/a"])
def test_other_redirect_is_passed_on(scratch: Scratch, place: str) -> None:
    """A redirect to another place is passed on as it is."""
    doors = redirecting(scratch, place)
    told = [require(door.get("experiments/get", experiment_id="0"), 307).header("location") for door in doors]

    expect_equal(told, [place] * len(doors), "places")
