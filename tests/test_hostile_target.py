"""A whole target that means harm: the doctor ends with an answer, and a clean-up removes nothing but what is the run's.

Kind: trust in an answer. Whatever is answered, nothing here breaks off, no key strays, and nothing is called gone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from registry_conformance.judge.diagnosis.budget import Budget as Time
from registry_conformance.judge.diagnosis.diagnosis import diagnose
from registry_conformance.judge.diagnosis.doctor import target_at
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.preflight import examine
from registry_conformance.judge.live import holder
from registry_conformance.judge.live.cleanup import CleanupResult, clean
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.ledger import identity_of
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.target.target import Door, Target
from tests.doubles import hostile_content
from tests.doubles.hostile import BEHAVIOURS, Hostile, hostile
from tests.doubles.hostile_request import Asked

KEY = "hk_the_one_real_key"
RUN = "verify-20300101-000000-abcdef"
PATIENCE = 0.3
LEAST = 25
"""How many behaviours there are at least."""
THOROUGHLY = (
    "a redirect to nowhere",
    "an integer of 10,000 digits",
    "numbers that no float holds",
    "MLflow with wrong types",
    "MLflow with terminal escapes",
    "MLflow whose artifacts lie elsewhere",
    "MLflow that stores on our disk",
    "MLflow that signs URLs of others",
    "MLflow that has always one page more",
)
"""Behaviours that let a doctor get further than to the first answer."""
Outcome = TypeVar("Outcome")


def strayed(server: Hostile) -> list[str]:
    """Return the requests at another host that held the key."""
    return [each.target for each in server.strayed if KEY in each.head or KEY.encode() in each.body]


def looked_at(name: str) -> list[str]:
    """Return what is wrong with how a preflight ends at a behaviour: nothing, or a sentence."""
    with hostile(name) as server:
        found = examine(Door("given", server.url, PATIENCE), KEY, "run-1", PATIENCE).finding
        problems = [f"{name}: the key came to {target}" for target in strayed(server)]
    return problems if found is None or found.sentence else [*problems, f"{name}: {found!r}"]


def test_a_preflight_ends_at_each_behaviour() -> None:
    """Each of at least 25 behaviours is met by a preflight that ends, with a sentence where it ends all."""
    assert len(BEHAVIOURS) >= LEAST
    with ThreadPoolExecutor(16) as threads:
        problems = [line for lines in threads.map(looked_at, BEHAVIOURS) for line in lines]

    assert problems == []


def diagnosed(name: str) -> tuple[Diagnosis, list[str]]:
    """Return what a doctor says of a behaviour, and where the key came to."""
    with hostile(name) as server:
        found = diagnose(target_at(Door("given", server.url), KEY), "run-1", budget=Time(5.0))
        return found, strayed(server)


@pytest.mark.parametrize("name", THOROUGHLY)
def test_a_doctor_ends_with_an_answer(name: str) -> None:
    """A doctor that gets on with its questions ends, calls nothing healthy, and takes no key elsewhere."""
    found, places = diagnosed(name)

    assert found.causes
    assert places == []


def cleaned(name: str, folder: Path) -> tuple[CleanupResult, list[str]]:
    """Return what a clean-up at a behaviour comes to, and what it asked for that changes something."""
    with hostile(name) as server:
        target = Target("t", "environment", (Door("canonical", server.url, PATIENCE),), {"writer": KEY})
        file = folder / name.replace("/", "-") / f"{RUN}.sqlite"
        guard = Guard(file, RUN, Budget(1, 1, 1, 1.0), read_only=False, target=identity_of(target))
        things = [Made(kind, f"{RUN}-{kind}", "canonical") for kind in ("model", "experiment", "artifact", "upload")]
        guard.open(1.0, [*things, Made("experiment", f"{RUN}-e", "canonical", ("7",))])
        done = clean(target, guard)
        return done, [f"{each.method} {each.target} {each.body.decode()}" for each in server.asked if changing(each)]


def changing(asked: Asked) -> bool:
    """Return whether a request changes something."""
    return asked.method != "GET"


def test_a_clean_up_believes_no_behaviour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each behaviour a clean-up ends, calls nothing gone, and asks for the removal of the run's own alone."""
    monkeypatch.setattr(holder, "PAUSES", (0.0,))
    with ThreadPoolExecutor(16) as threads:
        outcomes = threads.map(lambda name: cleaned(name, tmp_path), hostile_content.BEHAVIOURS)
    problems = []
    for name, (done, asked) in zip(hostile_content.BEHAVIOURS, outcomes, strict=True):
        beyond = [each for each in asked if RUN not in each]
        if done.gone or len(done.left) < 5 or beyond:
            problems.append((name, done, asked))

    assert problems == []
