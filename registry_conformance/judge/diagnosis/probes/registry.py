"""Metadata verb by verb, through the proxy and straight to MLflow: create, read back, change, delete."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, REST3
from registry_conformance.judge.diagnosis.probe_context import PLACES, Asker, ProbeContext, fine, whole
from registry_conformance.judge.diagnosis.probes.artifacts import content
from registry_conformance.judge.diagnosis.probes.reachability import SEARCH
from registry_conformance.judge.diagnosis.repetition import passing
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange

_READERS = 12
TEXT = "A description of more than forty letters, with \u00e9, \u03b1 and \u6f22 in it."


@dataclass
class _Walk:
    """One walk at one place, with what it made so far."""

    context: ProbeContext
    asker: Asker
    made: dict[str, str] = field(default_factory=dict)

    def get(self, aspect: str, words: str, what: str, fits: Any = None, **query: str) -> Exchange:
        return self._ask(aspect, words, "GET", f"{REST}/{what}", fits, query=query)

    def write(self, aspect: str, words: str, method: str, what: str, fits: Any = None, **document: Any) -> Exchange:
        return self._ask(aspect, words, method, f"{REST}/{what}", fits, json=document)

    def _ask(self, aspect: str, words: str, method: str, path: str, fits: Any, **request: Any) -> Exchange:
        judge = fine(fits or (lambda said: isinstance(said, dict)))
        return self.asker.ask(f"meta.{aspect}", words, method, path, normal="200 json", judge=judge, **request)

    def keep(self, name: str, exchange: Exchange, *path: str) -> bool:
        """Keep an id from an answer; return whether there was one."""
        value = exchange.json() if exchange.ok else None
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            self.made[name] = value
        return isinstance(value, str)


def registry(context: ProbeContext, place: str) -> None:
    """Walk through experiments, runs, models and versions at one place; leave nothing that is not deleted."""
    walk, name = _Walk(context, context.at(place)), f"{context.name}-{place}"
    walk.get("search", "a search for experiments", "experiments/search", max_results="1")
    walk.write("search.post", "a search by POST", "POST", "experiments/search", max_results=1)
    walk._ask("api3", "the server's capabilities", "GET", f"{REST3}/server-info", _announces)
    created = walk.write("create", "the creation of an experiment", "POST", "experiments/create", name=name)
    _doubled(walk, "taken" if "RESOURCE_ALREADY_EXISTS" in created.text else "")
    if walk.keep("experiment", created, "experiment_id"):
        _steady(walk)
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
        walk.asker.ask("meta.gone", "the model that was deleted", "GET", path, normal="404 json RESOURCE_.*")
    if "experiment" in walk.made:
        walk.asker.send("POST", f"{REST}/experiments/delete", json={"experiment_id": walk.made["experiment"]})


def _announces(said: Any) -> bool:
    return said["multipart_uploads_enabled"] is True and said["multipart_downloads_enabled"] is True


def _runs(walk: _Walk, name: str) -> None:
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
        direct = walk.asker.sender.door.direct
        value = "declared" if direct and scheme == "s3" else scheme
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
    walk.write("long", "80 params of 100 letters", "POST", "runs/log-batch", run_id=run_id, params=long)
    path = f"{REST}/runs/get?run_id={run_id}"
    walk.asker.ask("meta.params", "the params as they were written", "GET", path, normal="whole", judge=_params)
    walk.get(
        "read",
        "the run as it was written",
        "runs/get",
        lambda said: (
            {"key": "color", "value": "blue"} in said["run"]["data"]["tags"]
            and said["run"]["data"]["metrics"][0]["value"] == 0.5
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


def _steady(walk: _Walk) -> None:
    """Tell whether what was just made is there for each of several that read it at once, whichever replica answers."""
    path = f"{REST}/experiments/get?experiment_id={walk.made['experiment']}"
    met = at_once([lambda: walk.asker.send("GET", path, once=True)] * _READERS)
    statuses = [each.status for each in met]
    if None in statuses:
        return
    lacking = [each for each in met if each.status == 404 and each.error_code == "RESOURCE_DOES_NOT_EXIST"]
    if 0 < len(lacking) < _READERS and len(lacking) + statuses.count(200) == _READERS:
        value = "now and then"
    else:
        lasting = [each for each in met if not each.ok and not passing(each)]
        found = 200 in statuses and not lasting
        value = "each time" if found else summarize((lasting or [each for each in met if not each.ok])[0])
    words = f"of {_READERS} reads at once of an experiment that was just made, {PLACES[walk.asker.place]}, "
    words += f"{statuses.count(200)} found it"
    evidence = tuple(each.evidence() for each in met)
    walk.context.facts.record(f"meta.steady.{walk.asker.place}", value, words, "each time", evidence)


def _doubled(walk: _Walk, sign: str) -> None:
    """Tell by which sign, if any, what was asked once was done twice: a new name was taken, or there are two runs."""
    if sign:
        words = f"what was asked once was done twice {PLACES[walk.asker.place]}: {sign}"
        walk.context.facts.record(f"meta.doubled.{walk.asker.place}", sign, words, "none")


def _first(walk: _Walk) -> None:
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
    root = walk.made["first"].rpartition("/")[0]
    value = "same" if root == walk.made["location"].rpartition("/")[0] else "other"
    words = f"the first experiment's artifacts lie under {root or 'no root'}, a new one's under "
    words += f"{'the same root' if value == 'same' else walk.made['location'].rpartition('/')[0]}"
    walk.context.facts.record(f"location.first.{walk.asker.place}", value, words, "same")


def _models(walk: _Walk, name: str) -> None:
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
    return "lost" if len(sizes) < 80 else "whole" if min(sizes) == 100 else "cut"


def _text(exchange: Exchange) -> str:
    """Return what became of a description: ``whole``, ``cut``, ``marks`` for letters lost, ``other``."""
    said = exchange.json()
    model = said.get("registered_model") if isinstance(said, dict) else None
    if not exchange.ok or not isinstance(model, dict):
        return summarize(exchange)
    text = str(model.get("description", ""))
    if text == TEXT:
        return "whole"
    return "marks" if "?" in text else "cut" if text and TEXT.startswith(text) else "other"


def _versions(walk: _Walk, name: str, source: dict[str, str]) -> None:
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


def logged_model(context: ProbeContext, place: str) -> None:
    """Create a logged model, as clients of MLflow 3 do, finalise it by PATCH, delete it."""
    walk, name = _Walk(context, context.at(place)), f"{context.name}-logged-{place}"
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
        walk.asker.send("POST", f"{REST}/experiments/delete", json={"experiment_id": own})


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


def repeats(context: ProbeContext, place: str) -> None:
    """Ask the same six times: what fails only now and then shows."""
    asker = context.at(place)
    if reason := asker.why_not():
        context.facts.unseen(f"repeat.search.{place}", reason)
        return
    statuses = [str(asker.send("GET", SEARCH, once=True, query={"max_results": 1}).status) for _ in range(8)]
    if asker.why_not("GET metadata"):
        context.facts.unseen(f"repeat.search.{place}", asker.why_not("GET metadata"))
        return
    value = f"all {statuses[0]}" if len(set(statuses)) == 1 else " ".join(statuses)
    sentence = f"one search, eight times {PLACES[place]}: {value}"
    context.facts.record(f"repeat.search.{place}", value, sentence, "all 200")
    if asker.only_reads:
        context.facts.unseen(f"repeat.put.{place}", "read-only: nothing is uploaded")
        return
    path = f"{ARTIFACTS}/artifacts/{context.name}/repeat-{place}.bin"
    statuses = [str(asker.send("PUT", path, once=True, body=b"again").status) for _ in range(6)]
    if asker.why_not("PUT artifacts"):
        return
    value = f"all {statuses[0]}" if len(set(statuses)) == 1 else " ".join(statuses)
    context.facts.record(f"repeat.put.{place}", value, f"one upload, six times {PLACES[place]}: {value}", "all 200")
