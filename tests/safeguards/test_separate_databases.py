"""Servers behind one door without a common database are noticed before anything is changed by an id."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from registry_conformance.judge.live.separate_databases import separate_databases
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.ledger import identity_of
from registry_conformance.judge.target.policy import OPEN
from registry_conformance.judge.target.target import Door, Target
from tests.web_answers import Answer, Answering, Asked, site

RUN = "verify-20300101-000000-abcdef"
MISSING = Answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"No experiment {RUN}-one-database"})


def servers(databases: int, refuses: bool = False) -> Answering:
    """Answer as two servers in turn, with one database or one each."""
    turns = itertools.count()
    known: list[list[str]] = [[] for _ in range(databases)]

    def answer(asked: Asked) -> Answer:
        here = known[next(turns) % 2 % databases]
        if "experiments/create" in asked.path:
            here.append("experiment")
            return Answer(403, {"error_code": "PERMISSION_DENIED"}) if refuses else Answer(200, {"experiment_id": "7"})
        own = {"experiment_id": "7", "name": f"{RUN}-one-database", "lifecycle_stage": "active"}
        return Answer(200, {"experiment": own}) if here else MISSING

    return answer


@pytest.mark.parametrize(
    ("answering", "told"),
    [(servers(1), ""), (servers(2), "do not share a database"), (servers(2, refuses=True), "")],
    ids=["one", "two", "may-not-create"],
)
def test_separate_databases_are_noticed(answering: Answering, told: str, tmp_path: Path) -> None:
    """Two servers with a database each are told of; one database is not, and who may not create learns nothing."""
    with site(answering) as there:
        bare = Target("x", "live", (Door("literal", there.url, policy=OPEN),), {})
        guard = Guard(tmp_path / f"{RUN}.sqlite", RUN, Budget(100, 100, 100, 100.0), False, target=identity_of(bare))
        guard.open()
        target = Target("x", "live", (Door("literal", there.url, policy=OPEN, guard=guard),), {})
        said = separate_databases(target, guard)

    assert told in said
    assert bool(said) is bool(told)
    assert [each.name for each in guard.left(identity_of(bare))] == [f"{RUN}-one-database"]
