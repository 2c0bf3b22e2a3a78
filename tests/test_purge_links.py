"""Kind: gone by a request's word. What is removed for good leaves no row behind, and nobody else's goes with it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from registry_conformance.judge.clients.backend_store import purge

TABLES = ("experiments", "runs", "inputs", "input_tags", "datasets")


def experiment_with_links(store: Any, name: str) -> str:
    """Make an experiment whose run used a dataset; return its id."""
    experiment: str = store.create_experiment(name)
    run = store.create_run(experiment, "user", 0, [], "run")
    dataset = Dataset("data", "digest", "local", "source")
    store.log_inputs(run.info.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    return experiment


def rows(database: Path) -> dict[str, int]:
    """Return table -> how many rows it has."""
    with closing(sqlite3.connect(database)) as opened:
        return {table: opened.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES}  # noqa: S608 - ours


@pytest.mark.usefixtures("own_temporary_folder")
def test_links_of_runs_go_with_them(tmp_path: Path) -> None:
    """The rows that link a run with what it used go when it is removed for good; those of others stay."""
    database = tmp_path / "mlflow.db"
    opened: Any = SqlAlchemyStore
    store = opened(f"sqlite:///{database}", "mlflow-artifacts:/")
    experiment_with_links(store, "somebody-elses")
    before = rows(database)
    ours = experiment_with_links(store, "verify-20250101-000000-abcdef-x")
    store.delete_experiment(ours)
    purge(f"sqlite:///{database}", [ours], re.compile("verify-"))
    assert before["inputs"] == before["input_tags"] == 1
    assert rows(database) == before
