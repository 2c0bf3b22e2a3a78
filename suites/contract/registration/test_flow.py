"""A third party registers a model: experiment, run, model, version, tags, alias."""

from __future__ import annotations

from registry_conformance.judge.clients.registration import Registration
from registry_conformance.judge.expect import expect_equal, expect_status
from registry_conformance.judge.requirement import verifies


@verifies("REG-001")
def test_registration_completes(registration: Registration) -> None:
    """A registration completes with a tracking URI and an API key."""
    sdk_registration = registration.complete()

    assert sdk_registration.reached[-1] == "alias", sdk_registration.reached


@verifies("REG-002")
def test_every_upload_is_accepted(registration: Registration) -> None:
    """The registry accepts every artifact upload of a registration."""
    uploads = registration.uploads()
    refused = [str(upload) for upload in uploads if not upload.ok]

    assert uploads, registration.sdk_registration.problem or "the registration uploaded nothing"
    expect_equal(refused, [], "uploads that were not accepted")


@verifies("REG-003")
def test_experiment_is_found_by_name(registration: Registration) -> None:
    """An experiment is found by the name it was given."""
    sdk_registration = registration.reaching("experiment")
    found = registration.door.get("experiments/get-by-name", experiment_name=registration.plan.experiment)

    expect_equal(
        expect_status(found, 200).document["experiment"]["experiment_id"],
        sdk_registration.experiment_id,
        "experiment id",
    )


@verifies("REG-004")
def test_params_read_back(registration: Registration) -> None:
    """Params of a run read back as logged."""
    logged = registration.reaching("params").params
    found = {param["key"]: param["value"] for param in registration.run()["data"]["params"]}

    expect_equal(found, logged, "params")


@verifies("REG-005")
def test_metrics_read_back(registration: Registration) -> None:
    """Metrics of a run read back as logged."""
    logged = registration.reaching("metrics").metrics
    found = {metric["key"]: metric["value"] for metric in registration.run()["data"]["metrics"]}

    expect_equal(found, logged, "metrics")


@verifies("REG-006")
def test_ended_run_is_finished(registration: Registration) -> None:
    """A run that its client ended is FINISHED."""
    registration.reaching("model")

    expect_equal(registration.run()["info"]["status"], "FINISHED", "run status")


@verifies("REG-011")
def test_version_is_ready(registration: Registration) -> None:
    """A version is READY and names its source and run."""
    sdk_registration = registration.reaching("version")
    version = registration.version()

    expect_equal(version["status"], "READY", "version status")
    expect_equal(version["source"], sdk_registration.source, "version source")
    expect_equal(version["run_id"], sdk_registration.run_id, "version run")


@verifies("REG-012")
def test_version_carries_the_platforms_tags(registration: Registration) -> None:
    """A version carries the platform's tags unchanged."""
    registration.reaching("tags")
    found = {tag["key"]: tag["value"] for tag in registration.version().get("tags", ())}

    expect_equal(found, registration.tags(), "version tags")


@verifies("REG-013")
def test_alias_resolves(registration: Registration) -> None:
    """An alias resolves to the version it was set on."""
    sdk_registration = registration.reaching("alias")
    plan = registration.plan
    found = registration.door.get("registered-models/alias", name=plan.model, alias=plan.alias)

    expect_equal(
        expect_status(found, 200).document["model_version"]["version"], sdk_registration.version, "version by alias"
    )


@verifies("REG-014")
def test_model_is_found_by_search(registration: Registration) -> None:
    """A registered model is found by searching for its name."""
    registration.reaching("registered model")
    name = registration.plan.model
    found = expect_status(registration.door.get("registered-models/search", filter=f"name = '{name}'"), 200)

    expect_equal([model["name"] for model in found.document["registered_models"]], [name], "models")
