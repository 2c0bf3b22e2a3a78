"""Where files of a workspace and of an experiment lie: which path is in which folder."""

from __future__ import annotations

import pytest

from registry_conformance.judge.target.workspace import (
    entry_of,
    experiment_folder,
    is_root,
    placed,
    served_folder,
    within,
)

RUN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("7/run/artifacts/a", "7/run"),
        ("7/a", "7/a"),
        ("7/models/m-1/artifacts/a", "7/models/m-1"),
        ("7/traces/tr-1/a", "7/traces/tr-1"),
        ("7/models", "7/models"),
        ("7/other/models/a", "7/other"),
        ("models/m-1/a", "models/m-1"),
        ("workspaces/team/7/run/artifacts/a", "7/run"),
        ("7", "7"),
        (f"root/of/all/7/{RUN}/artifacts/a", f"root/of/all/7/{RUN}"),
        (f"root/7/models/m-{RUN}/artifacts/a", f"root/7/models/m-{RUN}"),
    ],
)
def test_entry_is_a_runs_or_a_models_or_a_traces(path: str, entry: str) -> None:
    """The entry is the part below which all is of one run, of one logged model or of one trace."""
    workspace = "" if path.startswith("root") else "team"

    assert entry_of(path, workspace, {"7"}) == entry


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("7/a", "7"),
        (f"root/7/{RUN}/a", "root/7"),
        (f"root/of/all/7/traces/tr-{RUN}/a", "root/of/all/7"),
        ("root/7/a", ""),
        ("root/7/models/mine/a", ""),
        ("root/7", ""),
        (f"8/7/{RUN}/a", ""),
        (f"root/8/7/{RUN}/a", ""),
        (f"root/7x/{RUN}/a", ""),
        (f"root//7/{RUN}/a", ""),
        (f"root/../7/{RUN}/a", ""),
        (f"workspaces/team/7/{RUN}/a", ""),
        (f"workspaces/default/7/{RUN}/a", "7"),
    ],
)
def test_folder_of_an_experiment_below_a_root_holds_entries_with_ids(path: str, folder: str) -> None:
    """Below another root a number is an experiment's folder only if an id of MLflow's follows, and none is above it."""
    assert experiment_folder(path, "", {"7"}) == folder


def test_a_named_workspace_has_no_root_of_its_own() -> None:
    """Where clients name a workspace, files are in its folder or at the top of it, and below no other root."""
    assert experiment_folder(f"root/7/{RUN}/a", "team", {"7"}) == ""


@pytest.mark.parametrize(
    ("workspace", "place"),
    [("", "7/a"), ("default", "7/a"), ("team", "workspaces/team/7/a")],
)
def test_a_workspace_has_a_folder(workspace: str, place: str) -> None:
    """A workspace but the default one has a folder, which clients may name or leave out."""
    assert placed("7/a", workspace) == place
    assert placed(place, workspace) == place
    assert within("workspaces/default/7/a", workspace) == ("workspaces/default/7/a" if workspace == "team" else "7/a")


@pytest.mark.parametrize(
    ("path", "workspace", "folder"),
    [
        ("7", "", "7"),
        ("/7/", "team", "7"),
        ("root/of/all/7", "", "root/of/all/7"),
        ("root/7", "default", "root/7"),
        ("root/7", "team", ""),
        ("root/8", "", ""),
        ("8/7", "", ""),
        ("root/..//7", "", ""),
        ("", "", ""),
    ],
)
def test_folder_that_is_served_ends_with_the_experiments_id(path: str, workspace: str, folder: str) -> None:
    """The folder of an artifact location is the experiment's, below no other root than one of all artifacts."""
    assert served_folder(path, "7", workspace) == folder


def test_root_is_no_place_of_a_workspace_or_an_experiment() -> None:
    """No folder is a root of all artifacts that is a number, or that of workspaces; a named workspace has none."""
    assert is_root([], "team")
    assert not is_root(["root"], "team")
    assert is_root(["root"], "")
    assert [is_root(["root", each], "") for each in ("8", "workspaces", "", ".", "..")] == [False] * 5
