"""The objects that a load's users share, created on the target beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import require
from registry_conformance.judge.load.asking import VERSION, Asking
from registry_conformance.judge.load.kept_client import content

SHARED = 2
"""So many models are used by all users at once."""
VERSIONS = 3
"""So many versions each of them has at first."""
ALIAS = "current"
SEED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """An artifact whose upload was acknowledged: its run's location, its name, and the sha256 of its content."""

    location: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """An experiment with a run, models that all users share, artifacts that all may download.

    ``run`` is the name of the load's run; every created name starts with it.
    """

    run: str
    experiment: str
    run_id: str
    models: tuple[str, ...] = ()
    seeds: tuple[Stored, ...] = field(default=())


def prepare(door: MlflowHttp, asking: Asking) -> Place:
    """Create the shared objects of a load; raise ``PreconditionFailed`` if the target rejects them."""
    name = f"{door.run}-load"
    made = asking.ask("experiment", name, "", partial(door.create_experiment, name))
    experiment = require(made, 200).document["experiment_id"]
    info = require(door.create_run(experiment, name), 200).document["run"]["info"]
    location, run_id = info["artifact_uri"], info["run_id"]
    models = tuple(f"{door.run}-shared-{number}" for number in range(SHARED))
    for model in models:
        _model(door, asking, model, f"{location}/{model}", run_id)
    seeds = tuple(_seed(door, asking, location, f"seed-{number}.bin") for number in range(3))
    return Place(door.run, experiment, run_id, models, seeds)


def _seed(door: MlflowHttp, asking: Asking, location: str, file: str) -> Stored:
    body = b"".join(content(f"{door.run}-{file}", SEED_BYTES))
    sent = asking.ask("put", f"{location}/{file}", "", partial(door.put_artifact, location, file, body))
    return Stored(location, file, require(sent, 200).request_body.sha256)


def _model(door: MlflowHttp, asking: Asking, model: str, root: str, run_id: str) -> None:
    require(asking.ask("model", model, "", partial(door.create_model, model)), 200)
    for number in range(VERSIONS):
        source = f"{root}-{number}"
        require(asking.ask("version", model, source, partial(door.create_version, model, source, run_id), VERSION), 200)
    set_alias = partial(door.post, "registered-models/alias", name=model, alias=ALIAS, version="1")
    require(asking.ask("set-alias", f"{model}@{ALIAS}", "1", set_alias), 200)
