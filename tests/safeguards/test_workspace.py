"""Where files of a workspace and of an experiment lie: which path is in which folder."""

from __future__ import annotations

import pytest

from registry_conformance.judge.target.workspace import entry_of, placed, within


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
    ],
)
def test_entry_is_a_runs_or_a_models_or_a_traces(path: str, entry: str) -> None:
    """The entry is the part below which all is of one run, of one logged model or of one trace."""
    assert entry_of(path, "team") == entry


@pytest.mark.parametrize(
    ("workspace", "place"),
    [("", "7/a"), ("default", "7/a"), ("team", "workspaces/team/7/a")],
)
def test_a_workspace_has_a_folder(workspace: str, place: str) -> None:
    """A workspace but the default one has a folder, which clients may name or leave out."""
    assert placed("7/a", workspace) == place
    assert placed(place, workspace) == place
    assert within("workspaces/default/7/a", workspace) == ("workspaces/default/7/a" if workspace == "team" else "7/a")
