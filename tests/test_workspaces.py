"""Workspaces of MLflow's: declared, named by every client, and found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import elsewhere
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live.address import described
from registry_conformance.judge.live.discovery import features_at
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Door, Target
from tests.web_answers import EXPERIMENTS, Answer, Asked, Site, always, site

HEADER = "x-mlflow-workspace"
FILE = """
description = "several teams"
access = "sandboxed"
doors.literal = {{ url = "{url}", policy = "open" }}
origin.url = "http://127.0.0.1:2"
workspaces = {{ {workspaces} }}
"""


def declared(folder: Path, workspaces: str, url: str = "http://127.0.0.1:1") -> Target:
    """Return the target of an environment with workspaces."""
    file = folder / "environment.toml"
    file.write_text(FILE.format(workspaces=workspaces, url=url), encoding="utf-8")
    return target_of("x", read(file, Register({}, "")), None)


def named(asked: Site) -> list[str]:
    """Return the workspace that each request named, empty for none."""
    return [each.headers.get(HEADER, "") for each in asked.asked]


def test_declared_workspace_is_that_of_every_door(tmp_path: Path) -> None:
    """A file that names a workspace has the suite work in it, at each door and past them, and promises the feature."""
    target = declared(tmp_path, 'own = "team-a", other = "team-b"')

    assert target.origin is not None
    assert {door.workspace for door in (*target.doors, target.origin)} == {"team-a"}
    assert target.other_workspace == "team-b"
    assert target.promises.features["workspaces"].declared


@pytest.mark.parametrize(
    ("workspaces", "why"),
    [
        ('own = "a-team", other = "a-team"', "own and other are one workspace"),
        ('own = "Team A"', "workspaces.own"),
        ('other = "team-b"', "workspaces.own"),
    ],
)
def test_workspaces_that_cannot_be_are_refused(tmp_path: Path, workspaces: str, why: str) -> None:
    """One workspace given twice, a name that MLflow does not take, and none to work in are named."""
    with pytest.raises(EnvironmentFileError, match=why):
        declared(tmp_path, workspaces)


def test_every_client_names_the_workspace() -> None:
    """Whoever sends a request at a door with a workspace names it, and nobody names one at a door without."""
    with site(always(Answer(200, {}))) as there:
        for workspace in ("team-a", ""):
            door = Door("literal", there.url, workspace=workspace)
            MlflowHttp(door, None, Evidence(), "run").search_experiments()
            Raw(door, None, Evidence(), "run").send("GET", "/health")

    assert named(there) == ["team-a", "team-a", "", ""]


def test_other_workspace_is_asked_by_the_same_client(tmp_path: Path) -> None:
    """From elsewhere the same door is asked, in the other workspace."""
    look = elsewhere.__wrapped__  # type: ignore[attr-defined] # the function behind the fixture
    with site(always(Answer(200, {}))) as there:
        target = declared(tmp_path, 'own = "team-a", other = "team-b"', there.url)
        door = MlflowHttp(target.doors[0], None, Evidence(), "run")
        look(door, target).search_experiments()
        with pytest.raises(pytest.skip.Exception, match="no other workspace"):
            look(door, declared(tmp_path, 'own = "team-a"', there.url))

    assert named(there) == ["team-b"]


def test_workspace_of_an_address_is_the_clients_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that is given by its address is judged in the workspace that the user's client works in."""
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team-a")
    with site(always(Answer(200, EXPERIMENTS))) as there:
        document, _ = described(there.url)

    assert document["workspaces"] == {"own": "team-a"}
    assert {each.headers.get(HEADER) for each in there.asked if "/api/" in each.path} == {"team-a"}


@pytest.mark.parametrize("said", [True, False, None])
def test_workspaces_are_found_out(said: bool | None) -> None:
    """Whether a server keeps workspaces apart is what it says, and left open if it says nothing."""

    def answer(asked: Asked) -> Answer:
        told = {} if said is None else {"workspaces_enabled": said}
        return Answer(200, told) if "server-info" in asked.path else Answer(404)

    with site(answer) as there:
        door = Door("literal", there.url)
        found = features_at(MlflowHttp(door, None, Evidence(), "run"), "3.17.2").get("workspaces")

    assert (found.present if found else None) == said
