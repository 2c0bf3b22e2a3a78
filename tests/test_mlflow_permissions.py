"""MLflow's own permissions as a policy: what is declared, and what the fixtures make of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.permissions import EXPERIMENT, Shared
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.permissions import LETS, LETS_WITH_ARTIFACTS, gives_less
from registry_conformance.judge.target.target import Door
from tests.web_answers import Answer, Asked, site

FILE = """
description = "MLflow with basic-auth"
access = "sandboxed"
doors.literal.url = "http://127.0.0.1:1"
keys.writer = {{ user = "admin", password = {{ variable = "ADMINS" }} }}
keys.colleague = {{ user = "colleague", password = {{ variable = "COLLEAGUES" }} }}
permissions.default = "{default}"
"""


def declared(folder: Path, default: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the target of an environment with MLflow's own permissions."""
    monkeypatch.setenv("ADMINS", "first-secret")
    monkeypatch.setenv("COLLEAGUES", "second-secret")
    file = folder / "environment.toml"
    file.write_text(FILE.format(default=default), encoding="utf-8")
    return target_of("x", read(file, Register({}, "")), None)


def test_default_is_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that says what the default is promises the feature, and both users have their passwords."""
    target = declared(tmp_path, "READ", monkeypatch)

    assert target.default_permission == "READ"
    assert target.promises.features["permissions"].declared
    assert {"first-secret", "second-secret"} <= target.secrets


def test_unknown_default_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default that MLflow does not have is named with those that there are."""
    with pytest.raises(EnvironmentFileError, match=r"permissions.default .*OWN.*READ, EDIT, MANAGE"):
        declared(tmp_path, "OWN", monkeypatch)


def test_table_is_that_of_mlflow() -> None:
    """What each permission gives is what the installed MLflow takes it for."""
    known = pytest.importorskip("mlflow.server.auth.permissions").ALL_PERMISSIONS
    for name, lets in LETS.items():
        right = known[name]
        asked = {"read": right.can_read, "update": right.can_update, "delete": right.can_delete}
        assert {verb: verb in lets for verb in asked} == asked, name
        assert ("grant" in lets) == right.can_manage
        assert ("upload" in LETS_WITH_ARTIFACTS[name]) == right.can_update
        assert ("delete" in LETS_WITH_ARTIFACTS[name]) == right.can_delete


def test_less_than_the_default_is_known() -> None:
    """Of two permissions the one that gives less is told."""
    assert gives_less("READ", "EDIT")
    assert not gives_less("EDIT", "EDIT")
    assert not gives_less("MANAGE", "READ")


def shared_at(url: str) -> Shared:
    """Return an experiment that is shared at an address."""
    wire = MlflowHttp(Door("literal", url), None, Evidence(), "run")
    return Shared(wire, wire.with_key("colleagues-key"), "colleague", EXPERIMENT, "1", "run-1", "READ")


def by_status(**statuses: int) -> Any:
    """Answer the colleague by the last word of the path, and everybody else with 200."""

    def answer(asked: Asked) -> Answer:
        last = asked.path.partition("?")[0].rpartition("/")[2]
        status = statuses.get(last.replace("-", "_"), 200) if asked.authorization else 200
        return Answer(status, {"error_code": "RESOURCE_ALREADY_EXISTS"} if status == 400 else {})

    return answer


def test_attempts_tell_what_was_let() -> None:
    """What was done, or was granted before, was let; what is 401 or 403 was not."""
    with site(by_status(grant=400, set_experiment_tag=403, delete=401)) as mlflow:
        assert shared_at(mlflow.url).attempts() == ("read", "grant")


def test_attempt_that_breaks_is_no_verdict() -> None:
    """An answer that neither does nor denies says nothing of a permission."""
    with site(by_status(set_experiment_tag=500)) as mlflow, pytest.raises(PreconditionFailed, match="to update"):
        shared_at(mlflow.url).attempts()
