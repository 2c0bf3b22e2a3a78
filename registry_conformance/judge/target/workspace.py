"""Where MLflow stores the artifacts of a workspace: in a separate folder below the artifact root."""

from __future__ import annotations

_DEFAULT = "default"
"""The workspace of whoever names none; what is not an experiment's lies at the root there, as without workspaces."""


def folder_of(workspace: str) -> str:
    """Return the folder of a workspace, empty for none, which is the default one's."""
    return f"workspaces/{workspace or _DEFAULT}"


def within(path: str, workspace: str) -> str:
    """Return an artifact's path within its workspace, without that workspace's folder, which clients may include."""
    return path.removeprefix(f"{folder_of(workspace)}/")


def placed(path: str, workspace: str) -> str:
    """Return where an artifact is stored whose path is ``path`` for a client with a workspace."""
    if workspace in ("", _DEFAULT):
        return path
    return f"{folder_of(workspace)}/{within(path, workspace)}"
