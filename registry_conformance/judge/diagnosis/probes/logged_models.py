"""A logged model, as clients of MLflow 3 make one: created, finalised by PATCH, with a file, searched, deleted."""

from __future__ import annotations

import re

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST
from registry_conformance.judge.diagnosis.answer_judges import whole
from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import content
from registry_conformance.judge.diagnosis.probes.metadata_walk import MetadataWalk
from registry_conformance.judge.diagnosis.server_version import lacks_logged_models, version_of_server
from registry_conformance.judge.evidence.exchange import Exchange


def logged_model(context: ProbeContext, place: str) -> None:
    """Create a logged model, as clients of MLflow 3 do, finalise it by PATCH, delete it."""
    if lacks_logged_models(context.facts):
        reason = f"a server of MLflow {version_of_server(context.facts)} has no logged models"
        context.facts.unseen(f"meta.logged.{place}", reason)
        return
    walk, name = MetadataWalk(context, context.at(place)), f"{context.name}-logged-{place}"
    made = walk.asker.send("POST", f"{REST}/experiments/create", json={"name": name})
    own = str(made.json().get("experiment_id", "0")) if made.ok and isinstance(made.json(), dict) else "0"
    created = walk.write(
        "logged", "the creation of a logged model", "POST", "logged-models", experiment_id=own, name=name[-40:]
    )
    if walk.keep("logged", created, "model", "info", "model_id"):
        one = f"logged-models/{walk.made['logged']}"
        ready = {"model_id": walk.made["logged"], "status": "LOGGED_MODEL_READY"}
        walk.write("logged.patch", "PATCH of a logged model", "PATCH", one, **ready)
        walk.get("logged.read", "the logged model", one)
        walk.write(
            "logged.search",
            "a search for logged models",
            "POST",
            "logged-models/search",
            lambda said: walk.made["logged"] in [each["info"]["model_id"] for each in said["models"]],
            experiment_ids=[own],
        )
        _file_of_it(context, walk.asker, created)
        walk.write("logged.delete", "DELETE of a logged model", "DELETE", one)
    if own != "0":
        walk.delete_experiment(own)


def _file_of_it(context: ProbeContext, asker: Asker, created: Exchange) -> None:
    """Upload a file to where MLflow says that the logged model's files belong, read it, and delete it."""
    uri = str(created.at("model", "info", "artifact_uri") or "")
    place = re.fullmatch(r"mlflow-artifacts:/([^/].*)", uri)
    if place is None:
        context.facts.unseen(f"model.put.{asker.place}", "its files do not go through MLflow")
        return
    body, at = content(700, seed=5), f"{ARTIFACTS}/artifacts/{place[1]}/{context.name}/model.pkl"
    put = asker.ask("model.put", "an upload of a model's file", "PUT", at, body=body, normal="200 (empty|json)")
    if put.ok:
        asker.ask("model.get", "a download of it", "GET", at, normal="200 whole", judge=whole(body))
        asker.send("DELETE", at)
