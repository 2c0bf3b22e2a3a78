"""What one fact says of how a client fares there: answers that it cannot read, and what fails only at times."""

from __future__ import annotations

import re
from collections.abc import Iterator

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.unusable_grants import Given

BROKEN_ANSWERS = (
    *(
        Given(
            "errors-replaced",
            "proxy",
            f"register.{step}.P",
            "code-lost",
            "MLflow's own errors do not reach the client, something before it answers in their place: by the code in "
            "them the client knows what is not there yet and is to be made, and what is there already",
            "have errors of MLflow passed on as they are, status and body: no error pages of its own for 400 and 404",
        )
        for step in ("lookup", "taken")
    ),
    Given(
        "artifact-root-is-a-path",
        "mlflow",
        "location.P",
        "path|file",
        "artifacts of a new experiment lie at a path on a disk, where each client writes to its own: "
        "--default-artifact-root, or the place of the experiment, is a folder",
        "start MLflow without --default-artifact-root, or with mlflow-artifacts:/, and with --artifacts-destination; "
        "experiments that are there already keep their place: make new ones",
    ),
    Given(
        "missing-remembered",
        "proxy",
        "register.named.P",
        "404 json RESOURCE_DOES_NOT_EXIST",
        "what was asked for before it was made is still answered as missing, though it is found by its id: a cache "
        "before MLflow keeps its 404",
        "have no answers of the API kept, errors least of all (in nginx no proxy_cache_valid for 404 or any)",
    ),
    Given(
        "artifacts-at-another-mlflow",
        "proxy",
        "register.known.P",
        "200 json empty",
        "files are uploaded and come back, and the MLflow that keeps the model does not find them in its own store: "
        "requests for artifacts are led to another MLflow than the rest",
        "have /api/2.0/mlflow-artifacts/ led to the same MLflow as the rest, or give all of them one "
        "--artifacts-destination",
    ),
    *(
        Given(
            "packed-and-not-said",
            "proxy",
            f"register.{step}.P",
            "unreadable|unlabelled",
            "answers are packed in another way than their Content-Encoding says, and the client cannot read them",
            "let one part alone pack answers, and have it set Content-Encoding to what it does; or leave packing off",
        )
        for step in ("lookup", "experiment", "files", "download")
    ),
)
"""Answers whose status is right, and that stop a client all the same."""


def broken_answers(facts: Facts) -> Iterator[Given]:
    """Yield which answers a client cannot read."""
    return (each for each in BROKEN_ANSWERS if re.search(each.sign, facts.value(each.fact)))


NOW_AND_THEN = (
    Given(
        "late",
        "",
        "again.late.P",
        ".",
        "what was refused at first works some seconds later: a copy that lags, a cache, or something that takes effect "
        "late; no permission is missing",
        "have reads answered by where writes go, or by one replica; keep no answers; wait until a new key or right is "
        "known everywhere",
    ),
    Given(
        "files-of-each-replica",
        "mlflow",
        "again.met.P",
        "404.*, files alone$",
        "a file that was just uploaded is found at one time and not at another, and what the database keeps is always "
        "found: several replicas answer here, each with a folder of its own for artifacts",
        "give all replicas one --artifacts-destination: a bucket, or a folder that they share",
    ),
    Given(
        "fails-now-and-then",
        "",
        "again.met.P",
        ".",
        "the same request is refused at one time and served at another: one of several replicas is not like the rest, "
        "or what was just written is found late",
        "ask each replica by itself, and start all with the same settings, keys and database",
    ),
    Given(
        "store-now-and-then",
        "store",
        "again.bridged.P",
        r"(?:[3-9]|\d{2,}) of \d+: (?!.*429).*, files alone$",
        "requests for files alone fail for a moment, and go through when they are repeated, as the MLflow client does "
        "by itself: the store throttles (SlowDown) or fails at times, and MLflow does not bridge it",
        "read MLflow's log at that time; have the store take more requests a second, and let MLflow's client of it "
        "repeat them (AWS_MAX_ATTEMPTS, AWS_RETRY_MODE=adaptive)",
    ),
    Given(
        "busy-now-and-then",
        "",
        "again.bridged.P",
        ".",
        "some requests fail for a moment, and go through when they are repeated, as the MLflow client does by itself",
        "look at which part answers these: a replica that is down, too few workers, a limit of requests a second",
    ),
)
"""What fails at times, the worst first: it counts if no cause is likely at least."""
