"""The janitor and its like: what they refuse, what they leave alone. That they clear up, the rehearsal shows."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from registry_conformance.cli.janitor import _adopted as adopted
from registry_conformance.judge.clients.backend_store import PurgeError, purge
from registry_conformance.judge.live import janitor
from registry_conformance.judge.live.janitor import RUN
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.target.target import BucketAccess, Door, Target

pytestmark = pytest.mark.usefixtures("forked_throughout")

BUCKET = BucketAccess("http://127.0.0.1:1", "us-east-1", "models", "", "AKIAEXAMPLE", "a-secret")
RUN_ID = "verify-20300101-000000-abcdef"


def call(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of the programs."""
    command = [sys.executable, str(ROOT / "scripts" / program), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, timeout=600, check=False
    )


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
    [
        ("janitor", [], "give one of --url, --env, --env-file"),
        ("janitor", ["--env=nowhere"], "--env=nowhere: unknown; use one of local-example, production"),
        ("janitor", ["--env=staging", "--older-than=soon"], "--older-than=soon: write an age such as 30m, 24h or 7d"),
        ("janitor", ["--env=production"], "read-only"),
        ("purge", [], "Missing argument 'ID[,ID...]'"),
        ("purge", ["twelve"], "name experiments by their ids"),
        ("purge", ["12"], "REGISTRY_BACKEND_STORE_URI"),
        ("rehearse", ["--crashes=-1"], "-1: give a whole number of 0 or more"),
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


@pytest.mark.usefixtures("own_temporary_folder")
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
    with pytest.raises(PurgeError, match=f"there is no experiment {mine}"):
        purge(uri, [mine], RUN)
    assert store.get_run(runs[theirs]).info.lifecycle_stage == "deleted"


@pytest.mark.parametrize(("bucket", "words"), [(False, "has no [bucket]"), (True, "MinIO does not")])
def test_a_lost_ledger_leaves_unfinished_uploads_not_known(
    bucket: bool, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: gone that was not looked up. Without a ledger, what the store may not list is said to be not known."""
    target = Target("x", "live", (Door("literal", "http://127.0.0.1:1"),), {}, bucket=BUCKET if bucket else None)
    lost = {"verify-20250101-000000-abcdef": [Made("model", "verify-20250101-000000-abcdef-m", "literal")]}
    monkeypatch.setattr(janitor, "runs_without_ledger", lambda *_, **__: lost)
    adopted(target, tmp_path, datetime.now(UTC), deleted=False, dry=True)
    assert words in capsys.readouterr().out
    monkeypatch.setattr(janitor, "runs_without_ledger", lambda *_, **__: {})
    adopted(target, tmp_path, datetime.now(UTC), deleted=False, dry=True)
    assert capsys.readouterr().out == ""


def test_a_door_that_does_not_answer_is_told_as_the_doctor_tells_it(tmp_path: Path) -> None:
    """Kind: what a request of ours got, instead of what is the matter."""
    done = call("janitor", "--url=http://127.0.0.1:9", f"--report-dir={tmp_path}")

    assert done.returncode == 6, done.stderr
    assert "cannot be swept: nothing listens at 127.0.0.1:9" in done.stderr
    assert "MLflow's own word" not in done.stderr


@pytest.mark.parametrize(
    ("uri", "shown", "hidden"),
    [
        ("sqlite:////nowhere/w/new.db", "there is no database /nowhere/w/new.db", ""),
        ("postgresql+psycopg2://me:a-pass%2Fword@127.0.0.1:1/models", "127.0.0.1", "a-pass%2Fword"),
    ],
)
def test_purge_hides_a_password_and_no_path(uri: str, shown: str, hidden: str) -> None:
    """Of the URI of a database only its password is secret."""
    done = call("purge", "12", REGISTRY_BACKEND_STORE_URI=uri)

    assert done.returncode == 6, done.stderr
    assert shown in done.stderr
    assert not hidden or hidden not in done.stderr
