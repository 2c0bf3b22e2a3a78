"""A connection that is lost between the parts costs no more than it must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.essentials import Unique
from fixtures.scratch_stack import Scratch
from fixtures.store_faults import TROUBLE, WATCHED, troubled
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST
from registry_conformance.judge.expect import expect_equal, expect_json_error, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import Auth
from registry_conformance.lab.disturbance import Answer, Break, SetStatus, When

LOST = Break()
FORGETFUL = replace(WATCHED, auth=Auth(cache=0.0))
"""Asks about every key every time."""


@verifies("RES-014")
def test_lost_read_is_repeated(scratch: Scratch) -> None:
    """A read whose connection to MLflow is lost is served."""
    read = When(methods=("GET",), path="experiments/get")
    require(scratch.apply(troubled("mlflow", LOST, read)).get("experiments/get", experiment_id=0), 502)  # control
    door = scratch.apply(troubled("mlflow", LOST, read, times=1))

    expect_status(door.get("experiments/get", experiment_id=0), 200)


@verifies("RES-014")
@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_read_that_met_a_passing_error_is_repeated(scratch: Scratch, method: str, status: int) -> None:
    """A read of metadata that MLflow answers with a passing error once is served."""
    path, trouble = f"{REST}/registered-models/search", Answer(status, "busy", "text/plain")
    served = scratch.apply(WATCHED).send(method, path).status
    read = When(methods=(method,), path="registered-models/search")
    require(scratch.apply(troubled("mlflow", trouble, read)).send(method, path), status)  # control: a lasting one shows
    again = scratch.apply(troubled("mlflow", trouble, read, times=1)).send(method, path)

    expect_equal(again.status, served, "status of the read")


@verifies("RES-019")
@pytest.mark.parametrize("end", ["/no-such.bin", "[?]path=a"], ids=["file", "list"])
def test_artifact_read_that_met_a_503_is_not_repeated(scratch: Scratch, end: str) -> None:
    """A read of artifacts that MLflow answers with 503 is told to the client."""
    read, path = When(methods=("GET",), path=f"/artifacts{end}"), f"{ARTIFACTS}/artifacts{end.replace('[?]', '?')}"
    door = scratch.apply(troubled("mlflow", Answer(503, "busy", "text/plain"), read, times=1))

    expect_status(door.send("GET", path), 503)
    assert door.send("GET", path).status != 503, "the trouble lasts"  # control


@verifies("RES-015")
def test_lost_write_is_not_repeated(scratch: Scratch, unique: Unique) -> None:
    """A write whose connection is lost is a 502, not repeated."""
    door = scratch.apply(WATCHED)
    experiment = require(door.create_experiment(unique("lost")), 200).document["experiment_id"]
    require(door.create_run(experiment, "first"), 200)  # control: runs can be created
    door = scratch.apply(troubled("mlflow", LOST, When(methods=("POST",), path="runs/create"), times=1))
    expect_json_error(door.create_run(experiment, "lost"), 502)
    found = require(door.post("runs/search", experiment_ids=[experiment]), 200).document["runs"]

    expect_equal([run["info"]["run_name"] for run in found], ["first"], "runs that were created")


@verifies("RES-015")
def test_done_write_is_not_repeated(scratch: Scratch, unique: Unique) -> None:
    """A write that was done and answered 503 is done once."""
    door = scratch.apply(WATCHED)
    experiment = require(door.create_experiment(unique("done")), 200).document["experiment_id"]
    door = scratch.apply(troubled("mlflow", SetStatus(503), When(path="runs/create", status="200"), times=1))
    expect_status(door.create_run(experiment, "done"), 503)
    found = require(door.post("runs/search", experiment_ids=[experiment]), 200).document["runs"]

    expect_equal([run["info"]["run_name"] for run in found], ["done"], "runs that were created")


@verifies("RES-016")
@pytest.mark.parametrize("trouble", ["slow-down", "reset"])
def test_passing_trouble_with_keys_is_no_bad_key(scratch: Scratch, trouble: str) -> None:
    """A passing error of the key service is over with the next request."""
    door = scratch.apply(troubled("keys", TROUBLE[trouble], When(), times=1, base=FORGETFUL))
    told = expect_refused(door.search_experiments(), 503)

    assert told.header("retry-after").isdecimal(), told
    expect_status(door.search_experiments(), 200)
