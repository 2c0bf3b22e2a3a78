"""Where MLflow stores artifacts: a workspace's in a folder of its own, a run's in its experiment's."""

from __future__ import annotations

import re

_DEFAULT = "default"
"""The workspace of whoever names none; what is not an experiment's lies at the root there, as without workspaces."""
NESTED = ("models", "traces")
"""Folders in an experiment's folder: they hold an entry for each logged model, and one for each trace."""

GIVEN_ID = re.compile(r"(?:m-|tr-)?[0-9a-f]{32}")
"""An id that MLflow gives to a run, a logged model or a trace: no other is like it, and none begins with another."""


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


def entry_of(path: str, workspace: str) -> str:
    """Return the entry of an experiment's folder that an artifact lies in: ``7/<run>``, or ``7/models/<model>``."""
    segments = within(path, workspace).split("/")
    deep = len(segments) > 1 and segments[1] in NESTED
    return "/".join(segments[: 3 if deep else 2])
