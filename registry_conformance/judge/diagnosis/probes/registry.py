"""Metadata verb by verb, through the proxy and straight to MLflow: create, read back, change, delete."""

from __future__ import annotations

import re
from typing import Any

from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import REST, REST3
from registry_conformance.judge.diagnosis.answer_judges import NOT_THERE
from registry_conformance.judge.diagnosis.asker import PLACES
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifact_host import unreached_host
from registry_conformance.judge.diagnosis.probes.metadata_walk import MetadataWalk
from registry_conformance.judge.diagnosis.repetition import passing
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange

_READERS = 12
_METRICS = 1000
_ID_IN_USE = re.compile(
    r"Key \(experiment_id\)=|UNIQUE constraint failed: experiments\.experiment_id|for key '(?:\w+\.)?PRIMARY'|"
    r"Violation of PRIMARY KEY constraint"
)
"""How PostgreSQL, SQLite, MySQL and SQL Server say that the id is there already; MLflow says so of the name."""
TEXT = "A description of more than forty letters, with \u00e9, \u03b1 and \u6f22 in it."


def registry(context: ProbeContext, place: str) -> None:
    """Walk through experiments, runs, models and versions at one place; leave nothing that is not deleted."""
    walk, name = MetadataWalk(context, context.at(place)), f"{context.name}-{place}"
    walk.get("search", "a search for experiments", "experiments/search", max_results="1")
    walk.write("search.post", "a search by POST", "POST", "experiments/search", max_results=1)
    walk.ask("api3", "the server's capabilities", "GET", f"{REST3}/server-info", _announces)
    created = walk.write("create", "the creation of an experiment", "POST", "experiments/create", name=name)
    if _ID_IN_USE.search(created.text):
        words = f"the database gives the new experiment an id that is in use {PLACES[place]}"
        context.facts.record(f"meta.new-id.{place}", "in use", words, "free", (created.evidence(),))
    else:
        _doubled(walk, "taken" if "RESOURCE_ALREADY_EXISTS" in created.text else "")
    if walk.keep("experiment", created, "experiment_id"):
        _steady(walk, name)
        _runs(walk, name)
    _models(walk, name)
    for what, document in (
        ("model-versions/delete", {"name": name, "version": "1"}),
        ("registered-models/delete", {"name": name}),
    ):
        if "model" in walk.made:
            walk.write(f"delete.{what.partition('/')[0]}", f"DELETE of {what}", "DELETE", what, **document)
    if "model" in walk.made:
        path = f"{REST}/registered-models/get?name={name}"
        walk.asker.ask("meta.gone", "the model that was deleted", "GET", path, normal=NOT_THERE)
    if "experiment" in walk.made:
        walk.delete_experiment(walk.made["experiment"])


def _announces(said: Any) -> bool:
    return said["multipart_uploads_enabled"] is True and said["multipart_downloads_enabled"] is True


def _runs(walk: MetadataWalk, name: str) -> None:
    experiment = walk.made["experiment"]
    found = walk.get(
        "by-name",
        "the experiment by its name",
        "experiments/get-by-name",
        lambda said: said["experiment"]["experiment_id"] == experiment,
        experiment_name=name,
    )
    if walk.keep("location", found, "experiment", "artifact_location"):
        scheme = walk.made["location"].partition(":")[0] if ":" in walk.made["location"] else "path"
        words = f"a new experiment's artifacts lie at {scheme}: ({PLACES[walk.asker.place]})"
        door = walk.asker.sender.door
        direct = door.direct
        value = "declared" if direct and scheme in ("s3", "mlflow-artifacts") else scheme
        if host := unreached_host(walk.made["location"], door):
            value = "mlflow-artifacts unreached"
            words = f"a new experiment's artifacts lie at the host {host}, which this machine does not reach"
        normal = "declared" if direct else "mlflow-artifacts"
        walk.context.facts.record(f"location.{walk.asker.place}", value, words, normal)
        _first(walk)
    run = walk.write("run", "the creation of a run", "POST", "runs/create", experiment_id=experiment, start_time=0)
    if not walk.keep("run", run, "run", "info", "run_id"):
        return
    walk.keep("at", run, "run", "info", "artifact_uri")
    run_id = walk.made["run"]
    walk.write("tag", "a tag on a run", "POST", "runs/set-tag", run_id=run_id, key="color", value="red")
    walk.write("tag.again", "another value for it", "POST", "runs/set-tag", run_id=run_id, key="color", value="blue")
    metrics = [{"key": "m", "value": value, "timestamp": step, "step": step} for step, value in enumerate((0.1, 0.5))]
    walk.write("batch", "a batch of metrics", "POST", "runs/log-batch", run_id=run_id, metrics=metrics)
    long = [{"key": f"p{number}", "value": "v" * 100} for number in range(80)]
    many = [{"key": "validation/loss", "value": step / 7, "timestamp": step, "step": step} for step in range(_METRICS)]
    said = f"a batch of {_METRICS} metrics, as many as MLflow takes at once"
    walk.write("many", said, "POST", "runs/log-batch", run_id=run_id, metrics=many)
    walk.write("long", "80 params of 100 letters", "POST", "runs/log-batch", run_id=run_id, params=long)
    path = f"{REST}/runs/get?run_id={run_id}"
    walk.asker.ask("meta.params", "the params as they were written", "GET", path, normal="whole", judge=_params)
    walk.get(
        "read",
        "the run as it was written",
        "runs/get",
        lambda said: (
            {"key": "color", "value": "blue"} in said["run"]["data"]["tags"]
            and ("m", 0.5) in [(metric["key"], metric["value"]) for metric in said["run"]["data"]["metrics"]]
        ),
        run_id=run_id,
    )
    walk.get(
        "history",
        "the history of a metric of two steps",
        "metrics/get-history",
        lambda said: len(said["metrics"]) == 2,
        run_id=run_id,
        metric_key="m",
    )
    found = walk.write(
        "once",
        "a search for the runs that were created once",
        "POST",
        "runs/search",
        lambda said: len(said["runs"]) == 1,
        experiment_ids=[experiment],
    )
    _doubled(walk, "two runs" if found.ok and found.text.count('"run_uuid"') == 2 else "")
    walk.write("run.end", "the end of a run", "POST", "runs/update", run_id=run_id, status="FINISHED")
    walk.asker.send("POST", f"{REST}/runs/delete", json={"run_id": run_id})
    walk.asker.send("POST", f"{REST}/runs/restore", json={"run_id": run_id})
    walk.get(
        "restored",
        "the run that was deleted and restored",
        "runs/get",
        lambda said: said["run"]["info"]["lifecycle_stage"] == "active",
        run_id=run_id,
    )


def _steady(walk: MetadataWalk, name: str) -> None:
    """Record whether each of several simultaneous reads finds what was just made, whichever replica answers.

    Databases count their experiments by themselves: one may have another experiment of the same id.
    """
    path = f"{REST}/experiments/get?experiment_id={walk.made['experiment']}"
    met = at_once([lambda: walk.asker.send("GET", path, once=True)] * _READERS)
    statuses = [each.status for each in met]
    if None in statuses:
        return
    found = [each for each in met if each.ok and each.at("experiment", "name") in (name, None)]
    lacking = [each for each in met if _lacks(each) or (each.ok and each not in found)]
    if 0 < len(lacking) < _READERS and len(lacking) + len(found) == _READERS:
        value = "now and then"
    else:
        lasting = [each for each in met if not each.ok and not passing(each)]
        value = (
            "each time" if found and not lasting else summarize((lasting or [each for each in met if not each.ok])[0])
        )
    words = f"of {_READERS} reads at once of an experiment that was just made, {PLACES[walk.asker.place]}, "
    words += f"{len(found)} found it"
    evidence = tuple(each.evidence() for each in met)
    walk.context.facts.record(f"meta.steady.{walk.asker.place}", value, words, "each time", evidence)


def _lacks(met: Exchange) -> bool:
    return met.status == 404 and met.error_code == "RESOURCE_DOES_NOT_EXIST"


def _doubled(walk: MetadataWalk, sign: str) -> None:
    """Tell by which sign, if any, what was asked once was done twice: a new name was taken, or there are two runs."""
    if sign:
        words = f"what was asked once was done twice {PLACES[walk.asker.place]}: {sign}"
        walk.context.facts.record(f"meta.doubled.{walk.asker.place}", sign, words, "none")


def _first(walk: MetadataWalk) -> None:
    """See whether the first experiment, as old as the database, keeps its artifacts where a new one does."""
    found = walk.asker.send("GET", f"{REST}/experiments/get?experiment_id=0")
    if found.ok:
        held = found.json()
        stage = (
            str(held["experiment"].get("lifecycle_stage")) if isinstance(held, dict) and "experiment" in held else "?"
        )
        words = f"the experiment Default, which takes what names no experiment, is {stage} {PLACES[walk.asker.place]}"
        walk.context.facts.record(f"default.{walk.asker.place}", stage, words, r"active|None|\?", (found.evidence(),))
    if not found.ok or not walk.keep("first", found, "experiment", "artifact_location"):
        return
    root, own_root = artifact_root(walk.made["first"]), artifact_root(walk.made["location"])
    value = "same" if root == own_root else "other"
    words = f"the first experiment's artifacts lie under {root or 'no root'}, a new one's under "
    words += "the same root" if value == "same" else own_root
    walk.context.facts.record(f"location.first.{walk.asker.place}", value, words, "same")


def artifact_root(location: str) -> str:
    """Return the root of the artifact location of an experiment, whichever workspace it is in."""
    return re.sub(r"/workspaces/[^/]+$", "", location.rpartition("/")[0])


def _models(walk: MetadataWalk, name: str) -> None:
    model = walk.write("model", "the creation of a model", "POST", "registered-models/create", name=name)
    if not walk.keep("model", model, "registered_model", "name"):
        return
    tag = {"name": name, "key": "kind"}
    walk.write("model.patch", "PATCH of a model", "PATCH", "registered-models/update", name=name, description=TEXT)
    walk.write("model.tag", "a tag on a model", "POST", "registered-models/set-tag", value="a", **tag)
    walk.write("delete.tag", "DELETE of a model's tag", "DELETE", "registered-models/delete-tag", **tag)
    walk.get(
        "model.read",
        "the model as it was written",
        "registered-models/get",
        lambda said: not said["registered_model"].get("tags"),
        name=name,
    )
    path = f"{REST}/registered-models/get?name={name}"
    walk.asker.ask("meta.text", "a description read back", "GET", path, normal="whole", judge=_text)
    if "at" in walk.made:
        source = {"source": f"{walk.made['at']}/model", "run_id": walk.made["run"]}
        walk.write(
            "version",
            "the creation of a version",
            "POST",
            "model-versions/create",
            lambda said: said["model_version"]["status"] == "READY" and said["model_version"]["version"] == "1",
            name=name,
            **source,
        )
        _versions(walk, name, source)


def _params(exchange: Exchange) -> str:
    """Return what became of the params of a run: ``whole``, ``cut``, ``lost``."""
    said = exchange.json()
    run = said.get("run") if isinstance(said, dict) else None
    if not exchange.ok or not isinstance(run, dict):
        return summarize(exchange)
    sizes = [len(each["value"]) for each in run.get("data", {}).get("params", ())]
    if len(sizes) < 80:
        return "lost"
    return "whole" if min(sizes) == 100 else "cut"


def _text(exchange: Exchange) -> str:
    """Return what became of a description: ``whole``, ``cut``, ``marks`` for letters lost, ``other``."""
    said = exchange.json()
    model = said.get("registered_model") if isinstance(said, dict) else None
    if not exchange.ok or not isinstance(model, dict):
        return summarize(exchange)
    text = str(model.get("description", ""))
    if text == TEXT:
        return "whole"
    if "?" in text:
        return "marks"
    return "cut" if text and TEXT.startswith(text) else "other"


def _versions(walk: MetadataWalk, name: str, source: dict[str, str]) -> None:
    """Create a second version with a tag, point an alias at it, and look whom it names; try a source elsewhere."""
    kind = [{"key": "kind", "value": "second"}]
    second = walk.write(
        "version.again", "a second version, with a tag", "POST", "model-versions/create", name=name, tags=kind, **source
    )
    number = str(second.at("model_version", "version") or "1")[:20] if second.ok else "1"
    walk.get(
        "version.tag",
        "the tag of the second version",
        "model-versions/get",
        lambda said: kind[0] in said["model_version"].get("tags", ()),
        name=name,
        version=number,
    )
    alias = {"name": name, "alias": "champion"}
    walk.write("alias", "an alias", "POST", "registered-models/alias", version=number, **alias)
    walk.get(
        "alias.read",
        "the alias resolved",
        "registered-models/alias",
        lambda said: said["model_version"]["version"] == number,
        **alias,
    )
    walk.write("delete.alias", "DELETE of an alias", "DELETE", "registered-models/alias", **alias)
    walk.get(
        "search.versions",
        "a search for the versions of one model",
        "model-versions/search",
        lambda said: {each["name"] for each in said["model_versions"]} == {name} and len(said["model_versions"]) == 2,
        filter=f"name='{name}'",
    )
    walk.get(
        "search.models",
        "a search for a model that is not there",
        "registered-models/search",
        lambda said: not said.get("registered_models"),
        filter=f"name='{name}-absent'",
    )
    walk.get(
        "pages",
        "the first page of two",
        "model-versions/search",
        lambda said: bool(said.get("next_page_token")),
        filter=f"name='{name}'",
        max_results="1",
    )
    elsewhere = {"name": name, "source": "http://elsewhere.test/model"}
    path = f"{REST}/model-versions/create"
    walk.asker.ask("meta.source", "a version from elsewhere", "POST", path, json=elsewhere, normal="400 json .*")
