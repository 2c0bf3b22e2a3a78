"""A connection that is lost between the parts costs no more than it must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.checks import Spare, Unique
from fixtures.checks.trouble import TROUBLE, WATCHED, troubled
from fixtures.deployment import Auth
from fixtures.disturbance import Break, SetStatus, When
from fixtures.expect import expect_equal, expect_json_error, expect_refused, expect_status, given
from fixtures.requirement import verifies

LOST = Break()
FORGETFUL = replace(WATCHED, auth=Auth(cache=0.0))
"""Asks about every key every time."""


@verifies("RES-014")
def test_lost_read_is_repeated(spare: Spare) -> None:
    """A read whose connection to MLflow is lost is served."""
    read = When(methods=("GET",), path="experiments/get")
    given(spare.become(troubled("mlflow", LOST, read)).get("experiments/get", experiment_id=0), 502)  # control
    door = spare.become(troubled("mlflow", LOST, read, times=1))

    expect_status(door.get("experiments/get", experiment_id=0), 200)


@verifies("RES-015")
def test_lost_write_is_not_repeated(spare: Spare, unique: Unique) -> None:
    """A write whose connection is lost is a 502, not repeated."""
    door = spare.become(WATCHED)
    experiment = given(door.create_experiment(unique("lost")), 200).document["experiment_id"]
    given(door.create_run(experiment, "first"), 200)  # control: runs can be created
    door = spare.become(troubled("mlflow", LOST, When(methods=("POST",), path="runs/create"), times=1))
    expect_json_error(door.create_run(experiment, "lost"), 502)
    found = given(door.post("runs/search", experiment_ids=[experiment]), 200).document["runs"]

    expect_equal([run["info"]["run_name"] for run in found], ["first"], "runs that were created")


@verifies("RES-015")
def test_done_write_is_not_repeated(spare: Spare, unique: Unique) -> None:
    """A write that was done and answered 503 is done once."""
    door = spare.become(WATCHED)
    experiment = given(door.create_experiment(unique("done")), 200).document["experiment_id"]
    door = spare.become(troubled("mlflow", SetStatus(503), When(path="runs/create", status="200"), times=1))
    expect_status(door.create_run(experiment, "done"), 503)
    found = given(door.post("runs/search", experiment_ids=[experiment]), 200).document["runs"]

    expect_equal([run["info"]["run_name"] for run in found], ["done"], "runs that were created")


@verifies("RES-016")
@pytest.mark.parametrize("trouble", ["slow-down", "reset"])
def test_passing_trouble_with_keys_is_no_bad_key(spare: Spare, trouble: str) -> None:
    """A passing error of the key service is over with the next request."""
    door = spare.become(troubled("keys", TROUBLE[trouble], When(), times=1, base=FORGETFUL))
    told = expect_refused(door.search_experiments(), 503)

    assert told.header("retry-after").isdecimal(), told
    expect_status(door.search_experiments(), 200)
