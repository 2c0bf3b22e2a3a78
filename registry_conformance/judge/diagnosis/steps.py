"""The steps of a registration, and the fact that says of each whether it works."""

from __future__ import annotations

from dataclasses import dataclass

from registry_conformance.judge.diagnosis.facts import Fact, Facts


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a registration: what is done, in words, and the fact that says whether it works."""

    words: str
    fact: str


STEPS = (
    Step("the search for an experiment", "doors.search.P"),
    Step("the creation of an experiment", "meta.create.P"),
    Step("the place of its artifacts, which no server of MLflow's serves", "location.P"),
    Step("the creation of a run", "meta.run.P"),
    Step("the upload", "put.P"),
    Step("the listing of what was uploaded", "list.P"),
    Step("the download", "get.P"),
    Step("a later download of the same file", "get.later.P"),
    Step("the creation of a logged model", "meta.logged.P"),
    Step("the upload of a model's file", "model.put.P"),
    Step("the download of a model's file", "model.get.P"),
    Step("the upload of a large file", "ladder.put.P"),
    Step("the creation of a registered model", "meta.model.P"),
    Step("the creation of a version", "meta.version.P"),
)
"""The steps of a registration, in their order."""


def stops_at(facts: Facts) -> tuple[Step, Fact] | None:
    """Return the first step of a registration that does not work, nothing if none was seen to fail."""
    for step in STEPS:
        fact = facts.get(step.fact)
        if fact is not None and fact.seen and not fact.normal:
            return step, fact
    return None


def unseen_steps(facts: Facts) -> tuple[Step, ...]:
    """Return the steps of a registration that were not seen."""
    return tuple(step for step in STEPS if not facts.value(step.fact))
