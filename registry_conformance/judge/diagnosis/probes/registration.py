"""One registration as a client makes it: its requests, in its order and shape, with a model's files.

The client is one of MLflow 3.17, or one of MLflow 2.22 where the server says that it is older than MLflow 3: that one
keeps a model's files below its run. The first request that fails ends it, as it ends the client. What a deployment
answers otherwise, and to whom, is for others.
"""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.content_coding import ACCEPTED, UNREADABLE, unpacked
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.answer_judges import sameness
from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES, content
from registry_conformance.judge.diagnosis.probes.metadata_walk import MetadataWalk
from registry_conformance.judge.diagnosis.probes.refused_files import tell_refused_by
from registry_conformance.judge.diagnosis.server_version import (
    lacks_aliases,
    lacks_logged_models,
    version_of_server,
)
from registry_conformance.judge.diagnosis.steps import REGISTRATION, WORKS
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.diagnosis.waits import LONGEST
from registry_conformance.judge.evidence.exchange import Exchange

Fits = Callable[[Any], object]
"""Tells of a document whether it holds what the client reads next."""
_GZIP = b"\x1f\x8b"
"""How what is packed by gzip begins."""
_TAGS = [{"key": "mlflow.user", "value": "registry-conformance"}, {"key": "mlflow.source.type", "value": "LOCAL"}]
_AS_CLIENT = (ACCEPTED, ("Accept", "*/*"), ("X-MLflow-Client-Version", "3.17.2"))
_TEXT, _BYTES = "text/plain", "application/octet-stream"
MODEL_FILES = (
    ("MLmodel", _TEXT, b"artifact_path: model\nflavors:\n  sklearn:\n    pickled_model: model.pkl\n"),
    ("model.pkl", _BYTES, b"\x80\x05\x95" + content(900, seed=11)),
    ("python_env.yaml", _TEXT, b"python: 3.11.7\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n"),
    ("conda.yaml", _TEXT, b"channels:\n- conda-forge\ndependencies:\n- python=3.11.7\nname: mlflow-env\n"),
    ("requirements.txt", _TEXT, b"mlflow==3.17.2\ncloudpickle==3.1.1\nnumpy==2.3.0\nscikit-learn==1.7.0\n"),
    ("input_example.json", _TEXT, b'{"columns": ["a", "b"], "data": [[1.0, 2.0]]}'),
    ("serving_input_example.json", _TEXT, b'{\n  "inputs": [[1.0, 2.0]]\n}'),
)  # fmt: skip
"""The files of a model of scikit-learn with an example: name, media type as the client guesses it, content."""


class _Stopped(Exception):  # noqa: N818 - no error of ours: the client would end here
    """A step failed, or could not be asked."""


@dataclass
class _Client:
    """Who registers at one place; ``made`` is what was made so far, by what answers call it."""

    context: ProbeContext
    asker: Asker
    made: dict[str, str] = field(default_factory=dict)

    def get(self, step: str, what: str, fits: Fits, /, **query: str) -> Any:
        """Read something; return the document of the answer."""
        return self._told(step, "GET", f"{REST}/{what}", _document(fits), query=query).json()

    def write(self, step: str, what: str, fits: Fits, /, *, by: str = "POST", **said: Any) -> Any:
        """Change something; return the document of the answer."""
        return self._told(step, by, f"{REST}/{what}", _document(fits), json=said).json()

    def refused(self, step: str, method: str, what: str, error: tuple[int, str], done: str, **request: Any) -> None:
        """Ask for what MLflow refuses with an ``error``: the client goes on by its code, which must reach it.

        ``done`` is what stands in an answer that does what was asked.
        """
        self._told(step, method, f"{REST}/{what}", _error(*error, done), **request)

    def upload_to(self, location: str) -> bool:
        """Upload the files of a model at once, if its location is served here; return whether it is."""
        served = re.fullmatch(r"mlflow-artifacts:/([^/].*)", location)
        if served is None:
            return False
        self.made["root"] = root = served[1]
        answers = at_once([partial(self._put, root, name, kind, body) for name, kind, body in MODEL_FILES])
        refused = ((file, answer) for file, answer in zip(MODEL_FILES, answers, strict=True) if answer.refused)
        if first := next(refused, None):
            tell_refused_by(self.asker, root, *first)
        self._of_files("upload", "the upload", answers, lambda answer, _: "" if answer.ok else summarize(answer))
        return True

    def _put(self, root: str, name: str, kind: str, body: bytes) -> Exchange:
        headers = [*_AS_CLIENT, ("Content-Type", kind)]
        return self.asker.send_until(_is_ok, "PUT", f"{FILES}/{root}/{quote(name)}", body=body, headers=headers)

    def _fetch(self, root: str, name: str) -> Exchange:
        return unpacked(self.asker.send_until(_is_ok, "GET", f"{FILES}/{root}/{quote(name)}", headers=_AS_CLIENT))

    def look_up(self, logged: str) -> None:
        """Ask MLflow itself for the files of a logged model, which it lists from its own store.

        Whether it may list them is asked elsewhere; here only a list without what was just uploaded tells.
        """
        answer = unpacked(self.asker.send("GET", f"{REST}/logged-models/{logged}/artifacts/directories"))
        said = answer.json() if answer.ok else None
        listed = said.get("files", []) if isinstance(said, dict) else None
        if not isinstance(listed, list):
            self.context.facts.unseen(f"register.known.{self.asker.place}", "MLflow does not list the files itself")
            return
        value = WORKS if listed else "200 json empty"
        self._record("known", value, f"{REGISTRATION['known']} {PLACES[self.asker.place]}: {answer}", (answer,))

    def download(self, root: str) -> None:
        """List the files of a model, and download them at once."""
        listed = self._told("files", "GET", FILES, _document(_has("files")), query={"path": root})
        names = {str(each.get("path")) for each in listed.json()["files"]}
        if missing := [name for name, *_ in MODEL_FILES if name not in names]:
            self._record("files", "200 json other", f"{REGISTRATION['files']} lacks {', '.join(missing)}", (listed,))
        answers = at_once([partial(self._fetch, root, name) for name, *_ in MODEL_FILES])
        self._of_files("download", "the download", answers, _came)

    def _of_files(
        self, step: str, words: str, answers: list[Exchange], problem: Callable[[Exchange, bytes], str]
    ) -> None:
        """Tell what became of each file: the first that did not pass is named, and how many did not."""
        met = zip(MODEL_FILES, answers, strict=True)
        wrong = [(name, answer, bad) for (name, _, body), answer in met if (bad := problem(answer, body))]
        if any(answer.error.startswith("skipped") for _, answer, _ in wrong):
            self.context.facts.unseen(f"register.{step}.{self.asker.place}", "it was not asked")
            raise _Stopped
        if not wrong:
            self._record(step, WORKS, f"{REGISTRATION[step]} works", ())
            return
        name, answer, bad = wrong[0]
        if {each for each, *_ in wrong} == {each for each, *_ in MODEL_FILES if not each.endswith(".json")}:
            bad = f"{bad} but-json"
        elif len(wrong) < len(answers) and all(each.refused for _, each, _ in wrong):
            bad = f"{bad} some"
        others = "" if len(wrong) == 1 else f" ({len(wrong)} of {len(answers)} files fail)"
        self._record(step, bad, f"{words} of {name}{others}: {answer}", [answer for _, answer, _ in wrong])

    def _told(self, step: str, method: str, path: str, judge: Callable[[Exchange], str], **request: Any) -> Exchange:
        """Send the request of a step and tell what came of it; a step that fails is the last."""
        name = f"register.{step}"
        answer = self.asker.ask(
            name, REGISTRATION[step], method, path, normal=WORKS, judge=lambda met: judge(unpacked(met)),
            headers=_AS_CLIENT, **request,
        )  # fmt: skip
        if self.context.facts.value(f"{name}.{self.asker.place}") != WORKS:
            raise _Stopped
        return unpacked(answer)

    def _record(self, step: str, value: str, words: str, answers: Any) -> None:
        evidence = tuple(answer.evidence() for answer in answers)
        self.context.facts.record(f"register.{step}.{self.asker.place}", value, words, WORKS, evidence)
        if value != WORKS:
            raise _Stopped


def registration(context: ProbeContext, place: str) -> None:
    """Log a model, register it twice, name a version by an alias, load it by that; then remove what was made."""
    asker = context.at(place, patience=LONGEST)
    if lacks_aliases(context.facts):
        reason = f"a server of MLflow {version_of_server(context.facts)} has no aliases: its clients register otherwise"
        context.facts.unseen(f"register.lookup.{place}", reason)
        return
    if asker.only_reads:
        context.facts.unseen(f"register.lookup.{place}", "read-only: nothing is registered")
        return
    client, name = _Client(context, asker), f"{context.name}-register-{place}"
    try:
        _log(client, name)
        _register(client, name)
        _load(client, name)
    except _Stopped:
        pass  # what failed is told
    finally:
        _remove(client, name)


def _log(client: _Client, name: str) -> None:
    """Make an experiment, a run and a model, and upload its files."""
    made = client.made
    unknown = (404, "RESOURCE_DOES_NOT_EXIST")
    client.refused("lookup", "GET", "experiments/get-by-name", unknown, "experiment", query={"experiment_name": name})
    said = client.write("experiment", "experiments/create", _has("experiment_id"), name=name)
    made["experiment"] = own = str(said["experiment_id"])
    client.get("experiment.read", "experiments/get", _has("experiment"), experiment_id=own)
    client.get("named", "experiments/get-by-name", partial(_is_experiment, own), experiment_name=name)
    said = client.write(
        "run", "runs/create", lambda said: said["run"]["info"]["run_id"], experiment_id=own, start_time=0, tags=_TAGS
    )
    run = {"run_id": str(said["run"]["info"]["run_id"])}
    client.write("parameter", "runs/log-parameter", _any, key="depth", value="3", **run)
    client.write("metric", "runs/log-metric", _any, key="loss", value=0.5, timestamp=0, step=0, **run)
    said = client.get("run.read", "runs/get", _has("run"), **run)
    if lacks_logged_models(client.context.facts):
        _log_below_the_run(client, run, str(said["run"]["info"].get("artifact_uri")))
    else:
        _log_model(client, own, run)
    client.write("run.end", "runs/update", _any, status="FINISHED", end_time=1, **run)


def _log_below_the_run(client: _Client, run: dict[str, str], artifacts: str) -> None:
    """Upload a model's files below its run and name them there, as clients of MLflow 2 do."""
    client.made |= {"source": f"{artifacts}/model", **run}
    client.upload_to(client.made["source"])
    model = {"artifact_path": "model", "flavors": {"sklearn": {}}, "utc_time_created": "2026-01-01 00:00:00", **run}
    client.write("recorded", "runs/log-model", _any, model_json=jsonlib.dumps(model), **run)


def _log_model(client: _Client, experiment: str, run: dict[str, str]) -> None:
    said = client.write(
        "logged", "logged-models", lambda said: said["model"]["info"]["model_id"],
        experiment_id=experiment, name="model", source_run_id=run["run_id"], tags=_TAGS,
    )  # fmt: skip
    client.made["logged"] = logged = str(said["model"]["info"]["model_id"])
    client.write("outputs", "runs/outputs", _any, models=[{"model_id": logged, "step": 0}], **run)
    client.get("logged.read", f"logged-models/{logged}", _has("model"))
    if client.upload_to(str(said["model"]["info"].get("artifact_uri"))):
        client.look_up(logged)
    ready = {"model_id": logged, "status": "LOGGED_MODEL_READY"}
    client.write("ready", f"logged-models/{logged}", _has("model"), by="PATCH", **ready)


def _register(client: _Client, name: str) -> None:
    """Make a registered model and a version of it, as a client does also if the model is there already."""
    client.write("model", "registered-models/create", _has("registered_model"), name=name)
    client.made["model"] = name
    taken = (400, "RESOURCE_ALREADY_EXISTS")
    client.refused("taken", "POST", "registered-models/create", taken, "registered_model", json={"name": name})
    made = client.made
    if "logged" not in made:
        source = {"source": made["source"], "run_id": made["run_id"]}
        client.write("version", "model-versions/create", _has("model_version"), name=name, **source)
        return
    logged = made["logged"]
    source = {"source": f"models:/{logged}", "model_id": logged}
    client.write("version", "model-versions/create", _has("model_version"), name=name, **source)
    tag = {"key": "mlflow.modelVersions", "value": jsonlib.dumps([{"name": name, "version": 1}])}
    client.write("tags", f"logged-models/{logged}/tags", _any, by="PATCH", tags=[tag])


def _load(client: _Client, name: str) -> None:
    """Name the version by an alias, find it by that, and download the files of the model."""
    alias = {"name": name, "alias": "champion"}
    client.get("model.read", "registered-models/get", _has("registered_model"), name=name)
    client.write("alias", "registered-models/alias", _any, version="1", **alias)
    client.get("alias.read", "registered-models/alias", _has("model_version"), **alias)
    client.get("uri", "model-versions/get-download-uri", _has("artifact_uri"), name=name, version="1")
    if "root" in client.made:
        client.download(client.made["root"])


def _remove(client: _Client, name: str) -> None:
    """Remove what was made; what cannot be removed stays for who cleans up."""
    made, asker = client.made, client.asker
    if "root" in made:
        asker.send("DELETE", f"{FILES}/{made['root']}")
    if "model" in made:
        asker.send("DELETE", f"{REST}/registered-models/delete", json={"name": name})
    if "logged" in made:
        asker.send("DELETE", f"{REST}/logged-models/{made['logged']}")
    if "experiment" in made:
        MetadataWalk(asker.context, asker).delete_experiment(made["experiment"])


def _is_ok(answer: Exchange) -> bool:
    return answer.ok


def _is_experiment(own: str, said: Any) -> bool:
    return str(said["experiment"]["experiment_id"]) == own


def _any(_: Any) -> bool:
    return True


def _has(name: str) -> Fits:
    return lambda said: said[name]


def _document(fits: Fits) -> Callable[[Exchange], str]:
    """Return a judge of answers from which the client reads a document, whatever their media type is."""

    def judge(answer: Exchange) -> str:
        if problem := _packed(answer):
            return problem
        if answer.status != 200 or answer.error:
            return summarize(answer)
        said = answer.json()
        try:
            good = isinstance(said, dict) and fits(said)
        except (TypeError, KeyError, IndexError):
            good = False
        return WORKS if good else f"{summarize(answer)} other"

    return judge


def _error(status: int, code: str, done: str) -> Callable[[Exchange], str]:
    """Return a judge of errors that the client knows by their code; MLflow gives them this status.

    Whose answer has ``done`` in it did what it should refuse, and lost no error.
    """

    def judge(answer: Exchange) -> str:
        if problem := _packed(answer):
            return problem
        if answer.error or answer.error_code == code:
            if answer.ok:
                return f"{summarize(answer)} status-lost"
            return WORKS if (answer.status or 0) >= 400 and not answer.error else summarize(answer)
        if answer.ok and answer.at(done) is not None:
            return f"{summarize(answer)} done"
        return f"{summarize(answer)} code-lost" if _code_lost(answer, status) else summarize(answer)

    return judge


def _code_lost(answer: Exchange, status: int) -> bool:
    """Return whether an error came in another form than MLflow's: as a success, by its own status, or as a failure."""
    document = isinstance(answer.json(), dict) and not answer.error_code
    return answer.status in (200, status) or (answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and document)


def _packed(answer: Exchange) -> str:
    """Return that a document is packed and not said to be, or the other way round; empty if a client can read it."""
    if answer.error.startswith(UNREADABLE):
        return f"{answer.status} unreadable"
    unlabelled = answer.content.startswith(_GZIP) and not answer.header("content-encoding")
    return f"{answer.status} unlabelled" if unlabelled else ""


def _came(answer: Exchange, body: bytes) -> str:
    """Return what is wrong with the download of a file, empty if it is whole."""
    if answer.error.startswith(UNREADABLE):
        return f"{answer.status} unreadable"
    if not answer.ok:
        return summarize(answer)
    same = sameness(answer.response_body.size, answer.response_body.sha256, body)
    return "" if same == "whole" else f"{answer.status} {same}"
