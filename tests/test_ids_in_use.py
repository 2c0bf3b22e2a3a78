"""A database that numbers new experiments with ids in use: MLflow says of each new name that it exists."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from tests.test_replicas import facts_of
from tests.web_answers import Answer, Asked

_INSERT = "[SQL: INSERT INTO experiments (name) VALUES (%(name)s) RETURNING experiments.experiment_id]"
_POSTGRESQL = (
    '(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "{}" DETAIL: Key {}=({})'
)


def _refused_with(words: str) -> Facts:
    """Return what a walk tells of an MLflow whose database refuses each new experiment so."""
    message = f"Experiment(name=new) already exists. Error: {words} {_INSERT}"

    def answering(asked: Asked) -> Answer:
        if asked.path.endswith("experiments/create"):
            return Answer(400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": message})
        return Answer(200, {})

    return facts_of(answering)


@pytest.mark.parametrize(
    "words",
    [
        _POSTGRESQL.format("experiment_pk", "(experiment_id)", "2"),
        "(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.experiment_id",
        "(pymysql.err.IntegrityError) (1062, \"Duplicate entry '2' for key 'PRIMARY'\")",
        "(pymysql.err.IntegrityError) (1062, \"Duplicate entry '2' for key 'experiments.PRIMARY'\")",
        "(pyodbc.IntegrityError) Violation of PRIMARY KEY constraint 'experiment_pk'",
    ],
)
def test_an_id_in_use_is_told_by_the_database_s_words(words: str) -> None:
    """The name is new: the database's counter is to blame, and nobody sends requests twice."""
    first = conclude(_refused_with(words)).causes[0]
    assert (first.id, first.layer) == ("new-ids-in-use", "mlflow")


@pytest.mark.parametrize(
    "words",
    [
        _POSTGRESQL.format("uq_experiments_workspace_name", "(workspace, name)", "default, new"),
        "(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.workspace, experiments.name",
        "(pymysql.err.IntegrityError) (1062, \"Duplicate entry 'default-new' for key 'uq_name'\")",
        "",
    ],
)
def test_a_new_name_that_is_taken_was_asked_for_twice(words: str) -> None:
    """Where the name is what exists, the request arrived before."""
    facts = _refused_with(words)
    assert (facts.value("meta.doubled.P"), facts.value("meta.new-id.P")) == ("taken", "")
