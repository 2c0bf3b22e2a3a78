"""Which experiments are removed from MLflow's database for good, what goes with them, and what stays as it is."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from registry_conformance.judge.clients import backend_store
from registry_conformance.judge.clients.backend_store import PurgeError, StoreFailedError, need_removable, purge

RUN = "verify-20300101-000000-abcdef"
NAME = f"{RUN}-e"
BEARING = re.compile(re.escape(RUN))
SCHEMA = """
CREATE TABLE alembic_version (version_num TEXT);
INSERT INTO alembic_version VALUES ('of-an-older-mlflow');
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, experiment_id INTEGER REFERENCES experiments (experiment_id));
CREATE TABLE metrics (key TEXT, run_uuid TEXT REFERENCES runs (run_uuid));
CREATE TABLE inputs (input_uuid TEXT, source_id TEXT, destination_id TEXT);
CREATE TABLE input_tags (input_uuid TEXT, name TEXT);
CREATE TABLE associations (source_id TEXT, destination_id TEXT);
CREATE TABLE sources (source_id TEXT);
CREATE TABLE logged_models (model_id TEXT PRIMARY KEY, experiment_id INTEGER REFERENCES experiments (experiment_id));
CREATE TABLE trace_info (request_id TEXT PRIMARY KEY, experiment_id INTEGER REFERENCES experiments (experiment_id));
CREATE TABLE spans (trace_id TEXT REFERENCES trace_info (request_id), span_id TEXT, PRIMARY KEY (trace_id, span_id));
CREATE TABLE events (trace_id TEXT, span_id TEXT, FOREIGN KEY (trace_id, span_id) REFERENCES spans (trace_id, span_id));
CREATE TABLE rollups (experiment_id INTEGER NOT NULL, day TEXT);
CREATE TABLE jobs (experiment_id INTEGER, day TEXT);
CREATE TABLE endpoints (name TEXT, experiment_id INTEGER,
    FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id) ON DELETE SET NULL);
CREATE TABLE registered_models (name TEXT);
"""
"""What is of interest in the schema of an MLflow, and rows of other kinds in other tables."""


def fill(opened: sqlite3.Connection, own_id: int, name: str, stage: str, times: int = 1) -> None:
    """Put an experiment there, with something of each kind, so many times."""
    opened.execute("INSERT INTO experiments VALUES (?, ?, ?)", (own_id, name, stage))
    for number in range(times):
        mark = f"{own_id}-{number}"
        for statement, values in (
            ("runs VALUES (?, ?)", (f"r{mark}", own_id)),
            ("metrics VALUES ('m', ?)", (f"r{mark}",)),
            ("inputs VALUES (?, 'd', ?)", (f"i{mark}", f"r{mark}")),
            ("input_tags VALUES (?, 'context')", (f"i{mark}",)),
            ("logged_models VALUES (?, ?)", (f"m{mark}", own_id)),
            ("inputs VALUES (?, ?, 'x')", (f"o{mark}", f"m{mark}")),
            ("trace_info VALUES (?, ?)", (f"t{mark}", own_id)),
            ("associations VALUES (?, 'session')", (f"t{mark}",)),
            ("sources VALUES (?)", (f"t{mark}",)),
            ("spans VALUES (?, 's')", (f"t{mark}",)),
            ("events VALUES (?, 's')", (f"t{mark}",)),
        ):
            opened.execute(f"INSERT INTO {statement}", values)
    opened.execute("INSERT INTO rollups VALUES (?, 'monday')", (own_id,))
    opened.execute("INSERT INTO jobs VALUES (?, 'monday')", (own_id,))


def content(database: Path) -> set[tuple[object, ...]]:
    """Return each row of each table, and how each table was created."""
    with closing(sqlite3.connect(database)) as opened:
        made = opened.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = {(name, *row) for name, _ in made for row in opened.execute(f"SELECT * FROM {name}")}  # noqa: S608 - ours
        return {*made, *rows}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database of an older MLflow with experiments of others, one of them deleted."""
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.executescript(SCHEMA)
        fill(opened, 1, "theirs", "active")
        fill(opened, 2, "theirs too", "deleted")
        fill(opened, 70, f"{NAME}-active", "active")
        opened.execute("INSERT INTO endpoints VALUES ('theirs', 1)")
        opened.execute("INSERT INTO endpoints VALUES ('of all', NULL)")
        opened.execute("INSERT INTO registered_models VALUES ('theirs')")
    return file


def test_all_of_an_experiment_goes_and_nothing_of_others(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row of the experiment goes, whichever table it is in; rows of others and the schema stay as they are."""
    monkeypatch.setattr(backend_store, "_AT_ONCE", 2)
    before = content(database)
    with closing(sqlite3.connect(database)) as opened, opened:
        fill(opened, 7, NAME, "deleted", times=5)
    jobs_and_sources = content(database) - before

    assert purge(f"sqlite:///{database}", ["7"], BEARING) == [NAME]
    kept = {row for row in jobs_and_sources if row[0] in ("jobs", "sources")}
    assert len(kept) == 6
    assert content(database) == before | kept


def test_what_only_points_at_an_experiment_stays(database: Path) -> None:
    """What is to outlive the experiment that it points at stays, and points at nothing."""
    with closing(sqlite3.connect(database)) as opened, opened:
        fill(opened, 7, NAME, "deleted")
        opened.execute("INSERT INTO endpoints VALUES ('pointing', 7)")
    purge(f"sqlite:///{database}", ["7"], BEARING)

    assert ("endpoints", "pointing", None) in content(database)
    assert ("endpoints", "theirs", 1) in content(database)


@pytest.mark.parametrize("ids", [["7", "2"], ["7", "70"], ["7", "99"]], ids=["theirs", "active", "absent"])
def test_nothing_goes_if_one_must_stay(database: Path, ids: list[str]) -> None:
    """If one of the named experiments must not be removed, none is."""
    with closing(sqlite3.connect(database)) as opened, opened:
        fill(opened, 7, NAME, "deleted")
    before = content(database)

    with pytest.raises(PurgeError):
        purge(f"sqlite:///{database}", ids, BEARING)
    assert content(database) == before


def test_nothing_goes_if_the_database_fails_half_way(database: Path) -> None:
    """An error of the database is told, and what was deleted before it is there again."""
    with closing(sqlite3.connect(database)) as opened, opened:
        fill(opened, 7, NAME, "deleted")
        opened.execute("CREATE TRIGGER no BEFORE DELETE ON experiments BEGIN SELECT RAISE(ABORT, 'not today'); END")
    before = content(database)

    with pytest.raises(StoreFailedError, match="not today"):
        purge(f"sqlite:///{database}", ["7"], BEARING)
    assert content(database) == before


def test_before_mlflow_3_there_is_no_more_than_runs(database: Path) -> None:
    """A database without logged models and traces is one of MLflow too."""
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.executescript("DROP TABLE events; DROP TABLE spans; DROP TABLE trace_info; DROP TABLE logged_models;")
        opened.execute("INSERT INTO experiments VALUES (7, ?, 'deleted')", (NAME,))
    purge(f"sqlite:///{database}", ["7"], BEARING)

    assert ("experiments", 7, NAME, "deleted") not in content(database)


def test_no_database_is_made(tmp_path: Path) -> None:
    """Kind: a store opened by a library that prepares it. No database is created, and none of others gets tables."""
    with pytest.raises(StoreFailedError, match="there is no database"):
        purge(f"sqlite:///{tmp_path}/mistyped.db", ["7"], BEARING)
    assert not [*tmp_path.iterdir()]
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as opened, opened:
        opened.execute("CREATE TABLE accounts (name TEXT)")
    before = content(other)
    for uri in (f"sqlite:///{other}", "sqlite://"):
        with pytest.raises(StoreFailedError, match="not MLflow's database"):
            purge(uri, ["7"], BEARING)
    assert content(other) == before


@pytest.mark.parametrize(
    ("uri", "said"),
    [("oracle+cx_oracle://db.example/mlflow", "driver"), ("what://db.example/mlflow", "what"), ("no URI", "URL")],
)
def test_database_that_cannot_be_opened_is_told(uri: str, said: str) -> None:
    """A database that this machine cannot open is told of in a sentence."""
    with pytest.raises(StoreFailedError, match=said):
        purge(uri, ["7"], BEARING)


@pytest.mark.parametrize(
    ("uri", "installed", "used"),
    [
        ("postgresql://u@h/d", {"psycopg", "psycopg2"}, "postgresql+psycopg"),
        ("postgresql://u@h/d", {"psycopg2"}, "postgresql+psycopg2"),
        ("mysql://u@h/d", {"pymysql"}, "mysql+pymysql"),
        ("mysql://u@h/d", {"MySQLdb"}, "mysql+mysqldb"),
        ("postgresql+asyncpg://u@h/d", {"psycopg2"}, "postgresql+asyncpg"),
        ("sqlite:///file", set(), "sqlite"),
    ],
)
def test_plain_uri_gets_a_driver_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, uri: str, installed: set[str], used: str
) -> None:
    """A URI without a driver is opened by one that is there; one that is named stays."""
    monkeypatch.setattr(backend_store, "find_spec", lambda name: name if name in installed else None)
    assert backend_store._with_driver(make_url(uri)).drivername == used


def test_driver_that_lacks_is_told_with_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no driver is installed, the packages that bring one are named."""
    monkeypatch.setattr(backend_store, "find_spec", lambda _: None)
    with pytest.raises(StoreFailedError, match="install mysqlclient or pymysql"):
        purge("mysql://u@h/d", ["1"], BEARING)


@pytest.mark.parametrize(
    ("name", "stage", "said"),
    [
        (NAME, "deleted", ""),
        (NAME, "active", "is not deleted"),
        ("theirs", "deleted", "does not bear a run's name"),
        (f"x-{NAME}", "deleted", "does not bear a run's name"),
    ],
)
def test_experiment_is_removed_for_good_if_it_is_deleted_and_a_runs(name: str, stage: str, said: str) -> None:
    """An experiment is removed for good only if it is deleted and bears the name of a run."""
    if not said:
        need_removable("7", name, stage, BEARING)
        return
    with pytest.raises(PurgeError, match=said):
        need_removable("7", name, stage, BEARING)
