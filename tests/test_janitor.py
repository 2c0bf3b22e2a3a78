"""The janitor and its like: what they refuse, what they leave alone. That they clear up, the rehearsal shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from registry_conformance.judge.clients.backend_store import PurgeError, purge
from registry_conformance.judge.live.janitor import RUN, LedgerError, adopt, sweep
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.target.guard import Budget, Guard, Made
from registry_conformance.judge.target.target import Door, Target

RUN_ID = "verify-20300101-000000-abcdef"


def call(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of the programs."""
    command = [sys.executable, str(ROOT / "scripts" / program), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
    [
        ("janitor", [], "give one of --env, --env-file"),
        ("janitor", ["--env=nowhere"], "--env=nowhere: unknown; use one of local-example, production"),
        ("janitor", ["--env=staging", "--older-than=soon"], "soon: say an age as 30m, 24h or 7d"),
        ("janitor", ["--env=production"], "read-only"),
        ("purge", [], "Missing argument 'ID[,ID...]'"),
        ("purge", ["twelve"], "name experiments by their ids"),
        ("purge", ["12"], "REGISTRY_BACKEND_STORE_URI"),
        ("rehearse", ["--crashes=-1"], "-1 is not in the range x>=0"),
        ("rehearse", ["--only=crashes", "--crashes=0"], "of 1 or more with --only=crashes"),
        ("rehearse", ["--only=whole", "--scene=policy"], "--only=whole plays no scenario"),
        ("rehearse", ["--scene=nonsense"], "in no name of a scenario"),
    ],
)
def test_wrong_call_is_told_in_one_message(program: str, arguments: list[str], said: str) -> None:
    """Wrong call is told in one message."""
    done = call(program, *arguments, REGISTRY_BACKEND_STORE_URI="")

    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def nobody() -> Target:
    """Return a target where nobody answers."""
    return Target("t", "live", (Door("canonical", "http://127.0.0.1:9/api/mlflow", 1.0),), {"writer": "hk_secret"})


def ledger(folder: Path, *made: Made) -> Guard:
    """Return the guard of a run that noted these things."""
    guard = Guard(folder / f"{RUN_ID}.sqlite", RUN_ID, Budget(100, 100, 100, 100), read_only=False)
    guard.open()
    for each in made:
        guard.allow("POST", "/x", made=each)
    return guard


def test_young_run_is_spared(tmp_path: Path) -> None:
    """Young run is spared."""
    ledger(tmp_path, Made("model", f"{RUN_ID}-m", "canonical"))

    assert list(sweep(nobody(), tmp_path, datetime.now(UTC) - timedelta(hours=1))) == []


def test_dry_run_names_and_removes_nothing(tmp_path: Path) -> None:
    """Dry run names and removes nothing."""
    guard = ledger(tmp_path, Made("model", f"{RUN_ID}-m", "canonical"))
    swept = list(sweep(nobody(), tmp_path, datetime.now(UTC) + timedelta(minutes=1), dry=True))

    assert [each.cleaned.left for each in swept] == [(f"model {RUN_ID}-m",)]
    assert guard.left() == [Made("model", f"{RUN_ID}-m", "canonical")]


def test_what_cannot_be_removed_stays_in_the_ledger(tmp_path: Path) -> None:
    """What cannot be removed stays in the ledger."""
    guard = ledger(tmp_path, Made("model", f"{RUN_ID}-m", "canonical"))
    swept = list(sweep(nobody(), tmp_path, datetime.now(UTC) + timedelta(minutes=1)))

    assert "refused" in swept[0].cleaned.left[0]
    assert guard.left() == [Made("model", f"{RUN_ID}-m", "canonical")]


def test_run_whose_ledger_is_lost_is_swept_by_its_name(tmp_path: Path) -> None:
    """Run whose ledger is lost is swept by its name, as old as that says."""
    long_ago = "verify-20250101-120000-abcdef"
    adopt(tmp_path, {long_ago: [Made("model", f"{long_ago}-m", "canonical")]})
    swept = list(sweep(nobody(), tmp_path, datetime(2025, 1, 1, 12, 1, tzinfo=UTC), dry=True))

    assert [(each.run_id, each.cleaned.left) for each in swept] == [(long_ago, (f"model {long_ago}-m",))]
    assert list(sweep(nobody(), tmp_path, datetime(2025, 1, 1, 11, 59, tzinfo=UTC), dry=True)) == []


def test_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    """File that is no ledger is told."""
    (tmp_path / f"{RUN_ID}.sqlite").write_text("not a database, and long enough to be taken for one" * 100)

    with pytest.raises(LedgerError, match="is no ledger of a run"):
        list(sweep(nobody(), tmp_path, datetime.now(UTC)))


@pytest.mark.parametrize(("name", "run"), [(f"{RUN_ID}-ab-1-model", RUN_ID), (RUN_ID, RUN_ID)])
def test_name_of_a_run_is_known(name: str, run: str) -> None:
    """Name of a run is known."""
    found = RUN.match(name)

    assert found
    assert found[1] == run


@pytest.mark.parametrize("name", ["verify-the-model", "churn", f"my-{RUN_ID}", "verify-20300101-000000-abcdefg"])
def test_name_of_somebody_else_is_not_taken_for_one(name: str) -> None:
    """Name of somebody else is not taken for one."""
    assert RUN.match(name) is None


def test_purge_removes_what_is_named_and_nothing_else(tmp_path: Path) -> None:
    """Purge removes what is named, and nothing else: no deleted run of another experiment."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    untyped: Any = SqlAlchemyStore
    store = untyped(uri, "mlflow-artifacts:/")
    mine, theirs, active = (store.create_experiment(name) for name in (f"{RUN_ID}-e", "theirs", f"{RUN_ID}-active"))
    runs = {each: store.create_run(each, "me", 0, [], "r").info.run_id for each in (mine, theirs)}
    store.delete_run(runs[theirs])
    store.delete_experiment(mine)

    with pytest.raises(PurgeError, match="is not deleted"):
        purge(uri, [mine, active], RUN)
    store.delete_experiment(theirs)
    with pytest.raises(PurgeError, match="does not bear a run's name"):
        purge(uri, [mine, theirs], RUN)
    assert purge(uri, [mine], RUN) == [f"{RUN_ID}-e"]
    with pytest.raises(PurgeError, match=re.escape(f"No Experiment with id={mine}")):
        purge(uri, [mine], RUN)
    assert store.get_run(runs[theirs]).info.lifecycle_stage == "deleted"
