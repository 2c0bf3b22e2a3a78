"""Models, versions, tags and aliases live and die through the registry."""

from __future__ import annotations

import json

from fixtures.essentials import Unique
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("REG-018")
def test_second_version_takes_the_alias_over(door: MlflowHttp, run: Run, unique: Unique) -> None:
    """A second version gets the next number and takes the alias."""
    name = unique("model")
    expect_status(door.create_model(name), 200)
    first = expect_status(door.create_version(name, f"{run.location}/a", run.id), 200).document["model_version"][
        "version"
    ]
    expect_status(door.post("registered-models/alias", name=name, alias="champion", version=first), 200)
    second = expect_status(door.create_version(name, f"{run.location}/b", run.id), 200).document["model_version"][
        "version"
    ]
    expect_status(door.post("registered-models/alias", name=name, alias="champion", version=second), 200)
    champion = expect_status(door.get("registered-models/alias", name=name, alias="champion"), 200)

    expect_equal([first, second], ["1", "2"], "version numbers")
    expect_equal(champion.document["model_version"]["version"], second, "version by alias")


@verifies("REG-019")
def test_taken_name_is_refused(door: MlflowHttp, unique: Unique) -> None:
    """A model name that is taken is refused."""
    name = unique("model")

    require(door.create_model(name), 200)  # control: the name was free
    expect_refused(door.create_model(name), 400, "RESOURCE_ALREADY_EXISTS")


@verifies("REG-020")
def test_deleted_tag_is_gone(door: MlflowHttp, run: Run, unique: Unique) -> None:
    """A version tag is deleted by its name in the body."""
    name = unique("model")
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/m", run.id), 200)
    require(door.post("model-versions/set-tag", name=name, version="1", key="hokusai_status", value="x"), 200)
    tagged = expect_status(door.get("model-versions/get", name=name, version="1"), 200)
    expect_status(door.delete("model-versions/delete-tag", name=name, version="1", key="hokusai_status"), 200)
    bare = expect_status(door.get("model-versions/get", name=name, version="1"), 200)

    assert tagged.document["model_version"]["tags"], tagged  # control: the tag was there
    expect_equal(bare.document["model_version"].get("tags", []), [], "tags")


@verifies("REG-020")
def test_deleted_alias_is_gone(door: MlflowHttp, run: Run, unique: Unique) -> None:
    """An alias is deleted and resolves no more."""
    name = unique("model")
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/m", run.id), 200)
    require(door.post("registered-models/alias", name=name, alias="champion", version="1"), 200)
    require(door.get("registered-models/alias", name=name, alias="champion"), 200)  # control: it resolved
    expect_status(door.delete("registered-models/alias", name=name, alias="champion"), 200)

    expect_refused(door.get("registered-models/alias", name=name, alias="champion"), 400, "INVALID_PARAMETER_VALUE")


@verifies("REG-020")
def test_deleted_version_is_gone(door: MlflowHttp, run: Run, unique: Unique) -> None:
    """A deleted version is found no more."""
    name = unique("model")
    require(door.create_model(name), 200)
    require(door.create_version(name, f"{run.location}/m", run.id), 200)
    require(door.get("model-versions/get", name=name, version="1"), 200)  # control: it was there
    expect_status(door.delete("model-versions/delete", name=name, version="1"), 200)

    expect_refused(door.get("model-versions/get", name=name, version="1"), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("REG-020")
def test_deleted_model_is_gone(door: MlflowHttp, unique: Unique) -> None:
    """A deleted model is found no more."""
    name = unique("model")
    require(door.create_model(name), 200)
    require(door.get("registered-models/get", name=name), 200)  # control: it was there
    expect_status(door.delete("registered-models/delete", name=name), 200)

    expect_refused(door.get("registered-models/get", name=name), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("REG-022")
def test_logged_model_becomes_ready(door: MlflowHttp, run: Run, unique: Unique) -> None:
    """A logged model is finalised by PATCH and reads back READY."""
    created = door.post("logged-models", experiment_id=run.experiment_id, name=unique("m")[-40:], source_run_id=run.id)
    info = expect_status(created, 200).document["model"]["info"]
    finalised = door.patch(f"logged-models/{info['model_id']}", model_id=info["model_id"], status="LOGGED_MODEL_READY")
    found = expect_status(door.get(f"logged-models/{info['model_id']}"), 200).document["model"]["info"]

    assert info["status"] != "LOGGED_MODEL_READY", json.dumps(info)  # control: the PATCH made the difference
    expect_status(finalised, 200)
    expect_equal(found["status"], "LOGGED_MODEL_READY", "logged model status")
