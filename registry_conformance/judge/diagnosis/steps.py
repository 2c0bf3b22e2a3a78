"""The steps of a registration, and the fact that decides each."""

from __future__ import annotations

from dataclasses import dataclass

from registry_conformance.judge.diagnosis.facts import Fact, Facts

WORKS = "works"
"""The value of a step of the client's own that gives it what it needs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a registration: its description, and the fact that says whether it works."""

    words: str
    fact: str


REGISTRATION = {
    "lookup": "the lookup of an experiment by its name",
    "experiment": "the creation of an experiment",
    "experiment.read": "the lookup of the experiment that was just made",
    "named": "the lookup of that experiment by its name, which was not there before",
    "run": "the creation of a run",
    "parameter": "the logging of a parameter",
    "metric": "the logging of a metric",
    "run.read": "the lookup of the run that was just made",
    "logged": "the creation of a logged model",
    "outputs": "naming the logged model as the output of its run",
    "logged.read": "the lookup of the logged model that was just made",
    "upload": "the upload of a model's files",
    "known": "MLflow's own list of the model's files",
    "recorded": "naming the model in its run",
    "ready": "PATCH of the logged model once its files are there",
    "run.end": "the end of the run",
    "model": "the creation of a registered model",
    "taken": "the creation of a registered model that is there already",
    "version": "the creation of a version from that model",
    "tags": "PATCH of the logged model's tags",
    "model.read": "the lookup of the registered model that was just made",
    "alias": "an alias for the version",
    "alias.read": "the lookup of the version by its alias",
    "uri": "the lookup of where the version's files lie",
    "files": "the list of the version's files",
    "download": "the download of the version's files",
}
"""What a client asks for one registration, in its order: aspect of a fact -> the step in words.

Logged models are of clients of MLflow 3; clients of MLflow 2 name a model in its run instead.
"""

STEPS = (
    Step("the search for an experiment", "doors.search.P"),
    Step("the creation of an experiment", "meta.create.P"),
    Step("its artifact location, which is not served at this address", "location.P"),
    Step("the creation of a run", "meta.run.P"),
    Step("the upload", "put.P"),
    Step("the listing of what was uploaded", "list.P"),
    Step("the download", "get.P"),
    Step("a later download of the same file", "get.later.P"),
    Step("the creation of a logged model", "meta.logged.P"),
    Step("the upload of a model's file", "model.put.P"),
    Step("the download of a model's file", "model.get.P"),
    Step("the creation of a registered model", "meta.model.P"),
    Step("the creation of a version", "meta.version.P"),
    *(Step(words, f"register.{aspect}.P") for aspect, words in REGISTRATION.items()),
    Step("the upload of a large file", "ladder.put.P"),
)
"""The steps of a registration, in their order; that of a small model is made before a large file is tried."""
_LAST = "register.download.P"


def stops_at(facts: Facts) -> tuple[Step, Fact] | None:
    """Return the first step of a registration that fails, empty if none was seen to fail."""
    for step in STEPS:
        fact = facts.get(step.fact)
        if fact is not None and fact.seen and not fact.normal:
            return step, fact
    return None


def registers(facts: Facts) -> bool:
    """Return whether a complete registration, as a client makes it, was observed to work."""
    return facts.value(_LAST) == WORKS
