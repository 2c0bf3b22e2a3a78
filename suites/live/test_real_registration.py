#!/usr/bin/env python3
"""A real registration of a real model, step by step, as a third-party developer makes it.

By pytest with the rest, or by itself: ``registry-conformance register``, which this file is too when it is run.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
    from checkout import enter  # type: ignore[import-not-found]  # of scripts/

    enter("register")

from fixtures.doors import one_door
from fixtures.real_registration import RealRegistration
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.reachability import ConnectionSteps
from registry_conformance.judge.expect import expect_equal, expect_status, require_any
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("RCH-001")
def test_name_resolves(way: ConnectionSteps) -> None:
    """The door's host name resolves to an address."""
    assert way.addresses()


@verifies("RCH-002")
def test_door_takes_connections(way: ConnectionSteps) -> None:
    """The door takes connections at its port."""
    way.connect()


@verifies("RCH-003")
def test_certificate_is_believed(secured_way: ConnectionSteps) -> None:
    """The door's certificate is good for its name and believed."""
    assert secured_way.shake_hands()


@verifies("RCH-004")
def test_door_answers(door: MlflowHttp) -> None:
    """The door answers a request for its health."""
    expect_status(door.health(), 200)


@verifies("RCH-005")
def test_key_is_let_in(door: MlflowHttp) -> None:
    """The door lets the API key in."""
    expect_status(door.search_experiments(), 200)


@verifies("REG-001", "REG-003")
def test_experiment_is_made(real_registration: RealRegistration) -> None:
    """The SDK makes an experiment."""
    real_registration.reaches("experiment")


@verifies("REG-001")
def test_run_is_started(real_registration: RealRegistration) -> None:
    """The SDK starts a run in it."""
    real_registration.reaches("run")


@verifies("REG-001")
def test_params_and_metrics_are_logged(real_registration: RealRegistration) -> None:
    """The SDK logs the params and metrics of a training."""
    real_registration.reaches("metrics")


@verifies("REG-001", "REG-002")
def test_files_are_uploaded(real_registration: RealRegistration) -> None:
    """The SDK uploads files of the run."""
    real_registration.reaches("artifacts")


@verifies("REG-001", "REG-002")
def test_model_is_uploaded(real_registration: RealRegistration) -> None:
    """The SDK uploads the trained model and ends the run."""
    real_registration.reaches("model")


@verifies("REG-001")
def test_model_is_registered(real_registration: RealRegistration) -> None:
    """The SDK registers the model under a name."""
    real_registration.reaches("registered model")


@verifies("REG-001", "REG-011")
def test_version_is_made(real_registration: RealRegistration) -> None:
    """The SDK makes a version of it."""
    real_registration.reaches("version")


@verifies("REG-001", "REG-012")
def test_platforms_tags_are_set(real_registration: RealRegistration) -> None:
    """The SDK sets the platform's tags on the version, and they read back."""
    real_registration.reaches("tags")
    registration = real_registration.whole()
    found = {tag["key"]: tag["value"] for tag in registration.version().get("tags", ())}

    expect_equal(found, registration.tags(), "version tags")


@verifies("REG-001", "REG-013")
def test_alias_is_set(real_registration: RealRegistration) -> None:
    """The SDK sets an alias on the version."""
    real_registration.reaches("alias")


@verifies("REG-015")
def test_fresh_process_loads_the_model(real_registration: RealRegistration) -> None:
    """A fresh process loads the model by its alias and predicts the same."""
    registration = real_registration.whole()
    before, back = registration.complete(), registration.back()

    assert before.predictions, "the model made no predictions before it was registered"
    expect_equal(back.predictions, before.predictions, "predictions")


@verifies("REG-008")
def test_bucket_holds_every_file(real_registration: RealRegistration, observed_bucket: Bucket) -> None:
    """The bucket holds every file, byte for byte."""
    registration = real_registration.whole()

    expect_equal(registration.stored(observed_bucket), registration.sent(), "objects in the bucket")


@verifies("OPS-033")
def test_logs_tell_of_no_artifact_error(observed_logs: RealRegistration) -> None:
    """The deployment's logs tell of the registration, and of no artifact error."""
    require_any(observed_logs.logs.naming(observed_logs.names()), "log lines that name this registration")

    expect_equal(observed_logs.artifact_errors(), [], "artifact errors in the logs")
