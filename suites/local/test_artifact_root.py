"""A path that names no file does not reach all of them."""

from __future__ import annotations

import pytest

from fixtures.essentials import Payload, Unique
from fixtures.registry import begin_run
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE


@verifies("ART-063")
@pytest.mark.parametrize("path", ["/", "//", "/?path=", "/%2E"], ids=["empty", "doubled", "query", "dot"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_root_is_not_reached(scratch: Scratch, payload: Payload, unique: Unique, method: str, path: str) -> None:
    """A request for the artifact root is a 404, and changes nothing."""
    door = scratch.apply(REFERENCE)
    run = begin_run(door, unique("root"))
    require(door.put_artifact(run.location, "a.bin", payload(100)), 200)
    reached = door.send(method, f"{ARTIFACTS}{path}")

    expect_refused(reached, 404)
    expect_equal(scratch.bucket.under(run.location), {"a.bin": 100}, "objects of a run")
    expect_status(door.get_artifact(run.location, "a.bin"), 200)  # control: a path that names a file reaches it
