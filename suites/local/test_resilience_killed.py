"""A part that was killed and is back finds everything as it was acknowledged, and serves the first request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.essentials import Payload, Unique
from fixtures.registry import begin_run
from fixtures.scratch_stack import Scratch
from fixtures.store_faults import IMPATIENT, WATCHED
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, expect_within, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import Auth

FORGETFUL = replace(WATCHED, auth=Auth(cache=0.0))
"""Asks about every key every time."""


@verifies("RES-011")
@pytest.mark.parametrize("part", ["mlflow", "proxy", "auth"])
def test_nothing_acknowledged_is_lost(scratch: Scratch, payload: Payload, unique: Unique, part: str) -> None:
    """What was acknowledged is there after this part was killed."""
    door = scratch.apply(WATCHED)
    run = begin_run(door, unique("killed"))
    sent = require(door.put_artifact(run.location, "a.bin", payload(400_000)), 200)
    require(door.set_run_tag(run.id, "before", "yes"), 200)
    scratch.kill(part)
    down = door.search_experiments()
    back = scratch.apply(WATCHED)
    expect_status(back.set_run_tag(run.id, "after", "yes"), 200)
    found = expect_status(back.get("runs/get", run_id=run.id), 200).document["run"]["data"]["tags"]

    assert down.broke, down  # control: it was down
    expect_within(["before", "after"], [tag["key"] for tag in found], "tags")
    expect_equal(expect_status(back.get_artifact(run.location, "a.bin"), 200).response_body, sent.request_body, "bytes")


@verifies("RES-010")
@pytest.mark.usefixtures("lasting_store")
def test_objects_outlive_the_store(scratch: Scratch, payload: Payload, unique: Unique) -> None:
    """Objects are there byte for byte after the store was killed."""
    place = f"mlflow-artifacts:/{unique('place')}"
    door = scratch.apply(IMPATIENT)
    sent = require(door.put_artifact(place, "a.bin", payload(400_000)), 200)
    scratch.kill("store")
    expect_refused(door.put_artifact(place, "lost.bin", b"x"), 503)
    back = scratch.apply(IMPATIENT)

    expect_equal(expect_status(back.get_artifact(place, "a.bin"), 200).response_body, sent.request_body, "bytes")
    expect_status(back.put_artifact(place, "b.bin", b"x"), 200)
    expect_equal(scratch.bucket.under(place), {"a.bin": 400_000, "b.bin": 1}, "objects")


@verifies("RES-012")
def test_keys_are_good_again_with_the_key_service(scratch: Scratch) -> None:
    """The first request after the key service was killed is served."""
    door = scratch.apply(FORGETFUL)
    require(door.search_experiments(), 200)  # control: connections to the key service are open
    scratch.kill("keys")
    expect_refused(door.search_experiments(), 503)

    expect_status(scratch.apply(FORGETFUL).search_experiments(), 200)
