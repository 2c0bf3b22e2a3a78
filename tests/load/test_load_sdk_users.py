"""The users of a load that are MLflow's own client: what they could not do says nothing of the target."""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from registry_conformance.judge.clients.isolated_process import IsolatedProcess, IsolatedProcessError
from registry_conformance.judge.load import sdk_users
from registry_conformance.judge.load.history import History
from registry_conformance.judge.load.order import LoadOrder
from registry_conformance.judge.load.place import Place
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.mismatch import PreconditionFailed
from registry_conformance.judge.target.target import Door


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal of a process with two such users, told on its standard input; each registers for a moment."""
    order = LoadOrder(
        role="sdk",
        process="sdk",
        journal=tmp_path / "journal-sdk.jsonl",
        plan=LoadPlan.parse("shape=steady users=4 seconds=1 sdk=0.5"),
        place=Place("verify-run", "1", "r1"),
        door=Door("canonical", "http://127.0.0.1:9"),
        key=None,
        alone=0.0,
    )
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pickle.dumps(order))))
    monkeypatch.setattr(sdk_users, "die_with_parent", lambda: None)
    return order.journal


def answering(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    """Let each call of an isolated process end so."""

    def call(self: IsolatedProcess, *arguments: Any) -> None:
        del self, arguments
        raise problem

    monkeypatch.setattr(IsolatedProcess, "call", call)


def test_a_client_that_does_not_start_here_is_no_error_of_the_target(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends with the reason, and not one registration counts as refused."""
    answering(monkeypatch, PreconditionFailed("an MLflow client that starts on this machine", "no module mlflow"))
    with pytest.raises(SystemExit, match="no module mlflow"):
        sdk_users.main()
    assert not History.read([journal]).operations


def test_a_registration_that_fails_is_noted(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that started and failed is an operation that was refused, in its own words."""
    answering(monkeypatch, IsolatedProcessError("404 Not Found"))
    sdk_users.main()
    noted = History.read([journal]).operations
    assert {(one.kind, one.error) for one in noted} == {("sdk-registration", "404 Not Found")}
