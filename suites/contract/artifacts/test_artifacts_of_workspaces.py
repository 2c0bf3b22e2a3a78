"""Artifacts of a workspace of MLflow's are its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.essentials import Payload
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

ATTEMPTS: dict[str, Callable[[MlflowHttp, str], Exchange]] = {
    "list": lambda wire, at: wire.list_artifacts(at),
    "download": lambda wire, at: wire.get_artifact(at, "a.bin"),
    "replace": lambda wire, at: wire.put_artifact(at, "a.bin", b"theirs"),
    "delete": lambda wire, at: wire.delete_artifact(at, "a.bin"),
}


@verifies("ART-069")
@pytest.mark.parametrize("how", ATTEMPTS)
def test_artifact_is_out_of_reach_from_another_workspace(
    door: MlflowHttp, elsewhere: MlflowHttp, location: str, payload: Payload, how: str
) -> None:
    """An artifact is neither listed, downloaded, replaced nor deleted from another workspace."""
    own = payload(100)
    require(door.put_artifact(location, "a.bin", own), 200)  # control: in its own workspace it is taken

    expect_status(ATTEMPTS[how](elsewhere, location), 400, 404)
    fetched = expect_status(door.get_artifact(location, "a.bin"), 200)
    expect_equal(fetched.response_body, Body.of([own]), "bytes in its own workspace")
