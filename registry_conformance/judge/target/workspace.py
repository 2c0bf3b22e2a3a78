"""Where MLflow keeps the artifacts of a workspace: in a folder of its own below the root of all artifacts."""

from __future__ import annotations

_DEFAULT = "default"
"""The workspace of whoever names none; what is not an experiment's lies at the root there, as without workspaces."""


def folder_of(workspace: str) -> str:
    """Return the folder of a workspace, empty for none: that of the default one."""
    return f"workspaces/{workspace or _DEFAULT}"


def within(path: str, workspace: str) -> str:
    """Return an artifact's path in its workspace: less the folder of that workspace, which clients may name."""
    return path.removeprefix(f"{folder_of(workspace)}/")


def placed(path: str, workspace: str) -> str:
    """Return where an artifact lies whose path is ``path`` for a client that names a workspace."""
    if workspace in ("", _DEFAULT):
        return path
    return f"{folder_of(workspace)}/{within(path, workspace)}"
