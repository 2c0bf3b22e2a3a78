"""Versions of a model: aliases, stages, copies, sources, and what lies behind them."""

from __future__ import annotations

from functools import partial

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from fixtures.registry import Version
from fixtures.runs import Run
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.registration import list_tree
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

pytestmark = one_door

ELEVEN = 11
WRONG_ALIASES = {"latest": "latest", "like-a-version": "v1", "space": "a b", "slash": "a/b", "empty": ""}
WRONG_SOURCES = {
    "climbing": "{location}/../../other",
    "local": "/etc/passwd",
    "file": "file:///etc/passwd",
    "other-host": "mlflow-artifacts://elsewhere.test/1/model",
    "http": "http://elsewhere.test/model",
}


@verifies("REG-058")
def test_versions_are_numbered_beyond_nine(door: MlflowHttp, run: Run, unique: Unique) -> None:
    """Eleven versions are numbered, sorted and found as numbers."""
    name = unique("many")
    require(door.create_model(name), 200)
    made = [require(door.create_version(name, f"{run.location}/{n}", run.id), 200).document for n in range(ELEVEN)]
    latest = expect_status(door.post("registered-models/get-latest-versions", name=name), 200).document
    found = expect_status(
        door.get("model-versions/search", filter=f"name='{name}'", order_by="version_number DESC"), 200
    ).document
    require(door.post("registered-models/alias", name=name, alias="eleventh", version=str(ELEVEN)), 200)
    aliased = expect_status(door.get("registered-models/alias", name=name, alias="eleventh"), 200).document

    numbers = [str(number) for number in range(1, ELEVEN + 1)]
    expect_equal([each["model_version"]["version"] for each in made], numbers, "numbers that were given")
    expect_equal([each["version"] for each in latest["model_versions"]], [numbers[-1]], "latest version")
    expect_equal([each["version"] for each in found["model_versions"]], numbers[::-1], "versions by number")
    expect_equal(aliased["model_version"]["version"], numbers[-1], "version that the alias names")


@verifies("REG-027")
def test_alias_moves_and_goes_alone(door: MlflowHttp, origin: MlflowHttp, run: Run, version: Version) -> None:
    """A moved alias leaves its version; a deleted one leaves others."""
    second = require(door.create_version(version.name, f"{run.location}/b", run.id), 200).document["model_version"]
    for_both = {"name": version.name}
    steps = [
        door.post("registered-models/alias", **for_both, alias="champion", version="1"),
        door.post("registered-models/alias", **for_both, alias="challenger", version="1"),
        door.post("registered-models/alias", **for_both, alias="champion", version=second["version"]),
        door.post("registered-models/alias", **for_both, alias="gone", version="1"),
        door.delete("registered-models/alias", **for_both, alias="gone"),
    ]
    found = expect_status(origin.get("registered-models/get", **for_both), 200).document["registered_model"]

    expect_equal([step.status for step in steps], [200] * 5, "statuses")
    expect_equal(
        {alias["alias"]: alias["version"] for alias in found["aliases"]},
        {"champion": "2", "challenger": "1"},
        "aliases",
    )


@verifies("REG-027")
@upstream_defect("not reported upstream", versions="<=3.16.1")
def test_deleted_version_takes_its_alias_along(door: MlflowHttp, origin: MlflowHttp, version: Version) -> None:
    """An alias goes with the version that it names."""
    require(door.post("registered-models/alias", name=version.name, alias="champion", version="1"), 200)
    require(origin.get("registered-models/alias", name=version.name, alias="champion"), 200)  # control: it resolved
    expect_status(door.delete("model-versions/delete", name=version.name, version="1"), 200)
    dangling = door.get("registered-models/alias", name=version.name, alias="champion")

    assert dangling.refused, dangling
    found = expect_status(origin.get("registered-models/get", name=version.name), 200).document["registered_model"]
    expect_equal(found.get("aliases", []), [], "aliases at the origin")


@verifies("REG-028")
@pytest.mark.parametrize("alias", WRONG_ALIASES.values(), ids=WRONG_ALIASES)
def test_wrong_alias_is_refused(door: MlflowHttp, origin: MlflowHttp, version: Version, alias: str) -> None:
    """A reserved or malformed alias is refused, and not set."""
    require(door.post("registered-models/alias", name=version.name, alias="fine", version="1"), 200)  # control
    refused = door.post("registered-models/alias", name=version.name, alias=alias, version="1")
    found = expect_status(origin.get("registered-models/get", name=version.name), 200).document["registered_model"]

    expect_refused(refused, 400, "INVALID_PARAMETER_VALUE")
    expect_equal([known["alias"] for known in found["aliases"]], ["fine"], "aliases at the origin")


@verifies("REG-029")
def test_stage_is_taken_over(door: MlflowHttp, origin: MlflowHttp, run: Run, version: Version) -> None:
    """A version that takes a stage over archives the former one."""
    require(door.create_version(version.name, f"{run.location}/b", run.id), 200)
    move = partial(door.post, "model-versions/transition-stage", name=version.name, stage="Production")
    expect_status(move(version="1", archive_existing_versions=False), 200)
    expect_status(move(version="2", archive_existing_versions=True), 200)
    found = expect_status(origin.get("model-versions/search", filter=f"name = '{version.name}'"), 200).document

    expect_equal(
        {one["version"]: one["current_stage"] for one in found["model_versions"]},
        {"1": "Archived", "2": "Production"},
        "stages at the origin",
    )


@verifies("REG-029")
def test_unknown_stage_is_refused(door: MlflowHttp, origin: MlflowHttp, version: Version) -> None:
    """A stage that does not exist is refused, and changes nothing."""
    move = partial(door.post, "model-versions/transition-stage", name=version.name, version="1")
    require(move(stage="Staging", archive_existing_versions=False), 200)  # control: stages that exist are taken
    refused = move(stage="Nowhere", archive_existing_versions=False)
    found = expect_status(origin.get("model-versions/get", name=version.name, version="1"), 200).document

    expect_refused(refused, 400, "INVALID_PARAMETER_VALUE")
    expect_equal(found["model_version"]["current_stage"], "Staging", "stage at the origin")


@verifies("REG-030")
def test_latest_versions_are_told_by_stage(door: MlflowHttp, run: Run, version: Version) -> None:
    """The latest versions are one a stage, the newest."""
    require(door.create_version(version.name, f"{run.location}/b", run.id), 200)
    require(door.create_version(version.name, f"{run.location}/c", run.id), 200)
    require(
        door.post(
            "model-versions/transition-stage",
            name=version.name,
            version="1",
            stage="Production",
            archive_existing_versions=False,
        ),
        200,
    )
    every = expect_status(door.post("registered-models/get-latest-versions", name=version.name), 200).document
    asked = {"name": version.name, "stages": ["Production"]}
    live = expect_status(door.post("registered-models/get-latest-versions", **asked), 200).document

    expect_equal(
        {one["current_stage"]: one["version"] for one in every["model_versions"]},
        {"Production": "1", "None": "3"},
        "latest versions",
    )
    expect_equal([one["version"] for one in live["model_versions"]], ["1"], "latest version in production")


@verifies("REG-031")
def test_download_uri_is_the_source(door: MlflowHttp, origin: MlflowHttp, version: Version) -> None:
    """The download URI of a version is where its artifacts lie."""
    which = {"name": version.name, "version": version.number}
    here = expect_status(door.get("model-versions/get-download-uri", **which), 200).document
    there = expect_status(origin.get("model-versions/get-download-uri", **which), 200).document

    expect_equal(here, {"artifact_uri": version.source}, "download URI")
    expect_equal(there, here, "download URI at the origin")


@verifies("REG-037")
def test_copy_of_a_version_has_its_artifacts(door: MlflowHttp, run: Run, version: Version, unique: Unique) -> None:
    """A version copied to another model brings the same artifacts."""
    copy = unique("copy")
    require(door.put_artifact(version.source, "MLmodel", b"flavors: {}"), 200)
    require(door.create_model(copy), 200)
    source = f"models:/{version.name}/{version.number}"
    copied = expect_status(door.create_version(copy, source, run.id), 200).document["model_version"]
    uri = expect_status(door.get("model-versions/get-download-uri", name=copy, version="1"), 200).document[
        "artifact_uri"
    ]

    expect_equal((copied["version"], copied["source"]), ("1", source), "number and source")
    expect_equal(list_tree(door, uri), {"MLmodel": 11}, "files of the copy")


@verifies("REG-037")
def test_copy_outlives_its_original(door: MlflowHttp, run: Run, version: Version, unique: Unique) -> None:
    """A copy keeps its artifacts when the original version is deleted."""
    copy = unique("copy")
    require(door.put_artifact(version.source, "MLmodel", b"flavors: {}"), 200)
    require(door.create_model(copy), 200)
    require(door.create_version(copy, f"models:/{version.name}/{version.number}", run.id), 200)
    require(door.delete("registered-models/delete", name=version.name), 200)
    uri = expect_status(door.get("model-versions/get-download-uri", name=copy, version="1"), 200).document[
        "artifact_uri"
    ]

    expect_equal(list_tree(door, uri), {"MLmodel": 11}, "files of the copy")


@verifies("REG-045")
def test_concurrent_versions_have_distinct_numbers(door: MlflowHttp, origin: MlflowHttp, run: Run, model: str) -> None:
    """Versions that are created at one time have distinct numbers."""
    sources = [f"{run.location}/{number}" for number in range(8)]
    created = at_once([partial(door.create_version, model, source, run.id) for source in sources])
    made = {
        one.document["model_version"]["version"]: one.document["model_version"]["source"] for one in created if one.ok
    }
    listed = expect_status(origin.get("model-versions/search", filter=f"name = '{model}'"), 200).document
    found = {one["version"]: one["source"] for one in listed["model_versions"]}

    expect_equal([one.status for one in created], [200] * 8, "statuses")
    expect_equal(sorted(made, key=int), [str(number) for number in range(1, 9)], "numbers")
    expect_equal(found, made, "versions at the origin")


@verifies("REG-038")
def test_number_of_a_deleted_version_is_not_another(
    door: MlflowHttp, origin: MlflowHttp, run: Run, version: Version
) -> None:
    """A deleted version is gone; the others keep their numbers."""
    require(door.create_version(version.name, f"{run.location}/b", run.id), 200)
    expect_status(door.delete("model-versions/delete", name=version.name, version="1"), 200)
    found = expect_status(origin.get("model-versions/search", filter=f"name = '{version.name}'"), 200).document

    expect_equal(
        [(one["version"], one["source"]) for one in found["model_versions"]],
        [("2", f"{run.location}/b")],
        "versions at the origin",
    )


@verifies("REG-048")
def test_version_without_artifacts_is_noticed(door: MlflowHttp, run: Run, version: Version) -> None:
    """A version without artifacts may be READY, yet brings nothing."""
    full = f"{run.location}/full"
    require(door.put_artifact(full, "MLmodel", b"flavors: {}"), 200)
    number = require(door.create_version(version.name, full, run.id), 200).document["model_version"]["version"]
    numbers = (version.number, number)
    uris = [
        expect_status(door.get("model-versions/get-download-uri", name=version.name, version=each), 200).document
        for each in numbers
    ]
    files = [list_tree(door, uri["artifact_uri"]) for uri in uris]
    missed = door.get_artifact(uris[0]["artifact_uri"], "MLmodel")

    expect_equal(files, [{}, {"MLmodel": 11}], "files of the empty and of the full version")
    assert not missed.ok, missed


@verifies("REG-049")
@pytest.mark.parametrize("source", WRONG_SOURCES.values(), ids=WRONG_SOURCES)
@upstream_defect("not reported upstream", versions="<=3.16.1", cases="other-host|http")
def test_source_outside_the_deployment_is_refused(
    door: MlflowHttp, origin: MlflowHttp, run: Run, model: str, source: str
) -> None:
    """A version's source outside the run's artifacts is refused."""
    require(door.create_version(model, f"{run.location}/m", run.id), 200)  # control: honest sources are taken
    refused = door.create_version(model, source.format(location=run.location), run.id)
    found = expect_status(origin.get("model-versions/search", filter=f"name = '{model}'"), 200).document

    expect_refused(refused, 400, "INVALID_PARAMETER_VALUE")
    expect_equal(len(found["model_versions"]), 1, "versions at the origin")


@pytest.mark.usefixtures("through_the_door")
@verifies("REG-049")
@upstream_defect("not reported upstream", versions="<=3.16.1")
def test_source_in_another_run_is_refused(door: MlflowHttp, run: Run, other_run: Run, model: str) -> None:
    """A version of one run is not taken from another's artifacts."""
    require(door.create_version(model, f"{run.location}/m", run.id), 200)  # control: its own artifacts are taken

    expect_refused(door.create_version(model, f"{other_run.location}/m", run.id), 400, "INVALID_PARAMETER_VALUE")
