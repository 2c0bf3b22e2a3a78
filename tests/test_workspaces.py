"""Workspaces of MLflow's: declared, named by every client, and found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import elsewhere
from registry_conformance.cli.main import run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.diagnosis.preflight import examine
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live.address import described
from registry_conformance.judge.live.discovery import features_at
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.live.target import target_of
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Door, Target
from tests.web_answers import Answer, Answering, Asked, Site, always, mlflow, site

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


@pytest.fixture
def in_team_a(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the user's MLflow client work in a workspace, and need no key."""
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team-a")
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)


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
    with site(keeping("team-a")) as there:
        document, _ = described(there.url)

    assert document["workspaces"] == {"own": "team-a"}
    assert {each.headers.get(HEADER) for each in there.asked if "/api/" in each.path} == {"team-a"}


def keeping(*known: str, announced: bool | None = True) -> Answering:
    """Answer as an MLflow that keeps the workspaces ``known`` besides its default one.

    ``announced`` is what it says of workspaces; ``None`` is a server from before there were any, which heeds no header.
    """
    at_all = announced is not None

    def answer(asked: Asked) -> Answer:
        if "server-info" in asked.path and at_all:
            return Answer(200, {"workspaces_enabled": announced})
        named = asked.headers.get(HEADER, "")
        if at_all and not announced and named:
            return Answer(
                500, {"error_code": "FEATURE_DISABLED", "message": "workspaces are not enabled on this server"}
            )
        if at_all and named and named not in known:
            return Answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"Workspace '{named}' not found"})
        return mlflow(asked)

    return answer


@pytest.mark.usefixtures("in_team_a")
def test_doctor_asks_in_the_clients_own_workspace(capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor of an address names the workspace that the user's client works in, whatever it asks of MLflow."""
    with site(keeping("team-a")) as there:
        run(["doctor", f"--url={there.url}", "--read-only", "--budget=5"])
    asked = [each.headers.get(HEADER, "") for each in there.asked if each.path.startswith("/api/")]

    assert asked and set(asked) == {"team-a"}
    assert "MLFLOW_WORKSPACE" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answering", "told", "remedy"),
    [
        (keeping("team-b"), "Workspace 'team-a' not found", "set MLFLOW_WORKSPACE to a workspace that is there"),
        (keeping(announced=False), "workspaces are not enabled", "unset MLFLOW_WORKSPACE, or have the server started"),
        (keeping(announced=None), "does not announce workspaces", "unset MLFLOW_WORKSPACE, or have the server started"),
    ],
)
@pytest.mark.usefixtures("in_team_a")
def test_workspace_that_the_server_does_not_serve_is_the_clients_to_mend(
    answering: Answering, told: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workspace that is not there, or none at all, is told as such, in the server's words, by doctor and by --url."""
    with site(answering) as there:
        with pytest.raises(EnvironmentFileError, match="workspace 'team-a'"):
            described(there.url)
        assert run(["doctor", f"--url={there.url}", "--read-only", "--budget=5"]) == 1
    said = capsys.readouterr().out

    assert "'team-a'" in said and told in said and f"Yours to fix: {remedy}" in said


def test_server_that_fails_without_a_workspace_too_is_not_blamed_on_it() -> None:
    """Where the same request is refused without a workspace, the workspace is not what is wrong."""
    failing = always(Answer(500, {"error_code": "INTERNAL_ERROR", "message": "database is locked"}))
    with site(failing) as there:
        found = examine(Door("given", there.url, 3.0, workspace="team-a"), None, "run-1", 3.0).finding

    assert found is not None
    assert found.kind.id != "client-workspace"


@pytest.mark.parametrize("command", ["doctor", "live init"])
def test_name_that_no_workspace_has_is_refused(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: a variable of the client's that cannot be meant. It is named before anything is asked."""
    monkeypatch.setenv("MLFLOW_WORKSPACE", "Team A")
    with site(keeping("team-a")) as there:
        assert run([*command.split(), f"--url={there.url}"]) == 4

    assert "MLFLOW_WORKSPACE: 'Team A' is no name of a workspace" in capsys.readouterr().err
    assert not there.asked


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
