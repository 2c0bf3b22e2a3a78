"""Replicas of MLflow that do not share a database: how that shows, and where a stack can have it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest

from fixtures.essentials import Unique
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.registry import registry
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.policy import OPEN
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.lab.deployment import REFERENCE, MLflow
from registry_conformance.lab.external.mlflow_command import COMMANDS
from suites.contract.registration import test_replicas
from tests.web_answers import Answer, Answering, Asked, site

MISSING = Answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})
SEPARATE = replace(REFERENCE, mlflow=MLflow(shared_database=False))


def replicas(lacking: frozenset[int], missing: Answer = MISSING) -> Answering:
    """Answer as two replicas in turn; those with these numbers do not know the experiment that was made."""
    turns = itertools.count()

    def answer(asked: Asked) -> Answer:
        if "experiments/create" in asked.path:
            return Answer(200, {"experiment_id": "7"})
        if "experiments/get?" in asked.path:
            return missing if next(turns) % 2 in lacking else Answer(200, {"experiment": {"experiment_id": "7"}})
        return Answer(200, {})

    return answer


def bound_by_cookie(databases: int, name: str = "") -> Answering:
    """Answer as two replicas, to one of which a cookie binds each client; they share a database, or have one each.

    ``name`` is that of the experiment, if they tell it.
    """
    turns = itertools.count()
    known: list[set[str]] = [set() for _ in range(databases)]

    def answer(asked: Asked) -> Answer:
        bound = re.search(r"replica=(\d)", asked.headers.get("cookie", ""))
        replica = int(bound[1]) if bound else next(turns) % 2
        told = {} if bound else {"Set-Cookie": f"replica={replica}; Path=/; HttpOnly"}
        here = known[replica % databases]
        if "experiments/create" in asked.path:
            here.add("experiment")
            return Answer(200, {"experiment_id": "7"}, told)
        if "registered-models/create" in asked.path:
            here.add("model")
            return Answer(200, {"registered_model": {"name": "m"}}, told)
        wanted = "model" if "registered-models" in asked.path else "experiment"
        if "/get?" in asked.path and wanted not in here:
            return replace(MISSING, headers=told)
        experiment = {"experiment_id": "7"} | ({"name": name} if name else {})
        return Answer(200, {"experiment": experiment, "registered_model": {"name": "m"}}, told)

    return answer


def facts_of(answering: Answering) -> Facts:
    """Return what a walk through the registry tells of a server."""
    facts = Facts()
    with site(answering) as there:
        door = Door("canonical", there.url, policy=OPEN)
        registry(ProbeContext(Target("x", "live", (door,), {}), "run", facts, Budget(), door), "P")
    return facts


@pytest.mark.parametrize(
    ("lacking", "value"),
    [
        (frozenset(), "each time"),
        (frozenset({1}), "now and then"),
        (frozenset({0, 1}), "404 json RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_what_is_there_now_and_then_is_told(lacking: frozenset[int], value: str) -> None:
    """What was just made is there each time, now and then, or never, and only the first is normal."""
    fact = facts_of(replicas(lacking))["meta.steady.P"]

    assert fact.value == value
    assert fact.normal is (value == "each time")


def test_another_experiment_of_the_same_id_is_not_the_one_that_was_made() -> None:
    """Kind: an id believed. Two databases count their experiments alike: the name tells them apart."""
    other = Answer(200, {"experiment": {"experiment_id": "7", "name": "somebody-elses"}})

    assert facts_of(replicas(frozenset({1}), other))["meta.steady.P"].value == "now and then"


@pytest.mark.parametrize(("lacking", "deletes"), [(frozenset(), True), (frozenset({1}), False)])
def test_nothing_is_deleted_by_its_id_where_databases_differ(lacking: frozenset[int], deletes: bool) -> None:
    """Kind: an id believed. Under the id of what was made, a replica with its own database may have another's."""
    asked: list[str] = []
    answering = replicas(lacking)

    def answer(request: Asked) -> Answer:
        asked.append(request.path)
        return answering(request)

    facts_of(answer)

    assert any("experiments/delete" in path for path in asked) is deletes


@pytest.mark.parametrize(("databases", "value"), [(1, "each time"), (2, "now and then")])
def test_cookie_that_binds_a_client_hides_no_database(databases: int, value: str) -> None:
    """No cookie is kept: where one would bind a client to a replica, others are asked too, and one database is fine."""
    assert facts_of(bound_by_cookie(databases))["meta.steady.P"].value == value


@pytest.mark.parametrize(
    "check", [test_replicas.test_experiment_is_there_for_everybody, test_replicas.test_model_is_there_for_everybody]
)
def test_check_asks_every_replica_behind_a_cookie(check: Callable[[MlflowHttp, Unique], None]) -> None:
    """REG-059 is red where a cookie binds clients to replicas with a database each, and green if they share one."""

    def unique(what: str) -> str:
        return f"run-{what}"

    def ask(databases: int) -> None:
        with site(bound_by_cookie(databases, unique("everywhere"))) as there:
            check(MlflowHttp(Door("literal", there.url, policy=OPEN), None, Evidence(), "run"), unique)

    ask(databases=1)
    with pytest.raises(Mismatch, match="reads that did not find it"):
        ask(databases=2)


@pytest.mark.parametrize("second", ["run-everywhere", "somebody-elses"])
def test_check_takes_no_other_experiment_of_the_same_id(second: str) -> None:
    """REG-059 is red where the second database has another experiment under the id, and green where it has this one."""
    names = itertools.cycle(["run-everywhere", second])

    def answer(asked: Asked) -> Answer:
        if "experiments/create" in asked.path:
            return Answer(200, {"experiment_id": "7"})
        return Answer(200, {"experiment": {"experiment_id": "7", "name": next(names)}})

    with site(answer) as there:
        door = MlflowHttp(Door("literal", there.url, policy=OPEN), None, Evidence(), "run")
        with nullcontext() if second == "run-everywhere" else pytest.raises(Mismatch, match="did not find it"):
            test_replicas.test_experiment_is_there_for_everybody(door, lambda what: f"run-{what}")


def test_replica_that_lacks_a_route_is_none_that_lacks_a_database() -> None:
    """A 404 now and then that is none of MLflow's own words about what it lacks is told as it is answered."""
    fact = facts_of(replicas(frozenset({1}), Answer(404, "404 page not found\n")))["meta.steady.P"]

    assert fact.value.startswith("404 text")
    assert not fact.normal


def test_database_of_each_replica_is_named() -> None:
    """Where a read finds what was made now and then, the first cause is that replicas share no database."""
    facts = Facts()
    facts.record("meta.steady.P", "now and then", "4 of 12 found it", "each time")

    assert conclude(facts).causes[0].id == "database-of-each-replica"


def test_server_that_others_start_has_one_database() -> None:
    """A database for each process is had of our own processes alone: `mlflow server` refuses to be that."""
    assert "has the flags that it is started with" in COMMANDS["uvicorn"].lacks(SEPARATE)
    assert COMMANDS["uvicorn"].lacks(REFERENCE) == ""
