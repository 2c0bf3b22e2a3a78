"""Where MLflow stores artifacts: a workspace's in a folder of its own, a run's in its experiment's."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

_WORKSPACES = "workspaces"
_DEFAULT = "default"
"""The workspace of whoever names none; what is not an experiment's lies at the root there, as without workspaces."""
NESTED = ("models", "traces")
"""Folders in an experiment's folder: they hold an entry for each logged model, and one for each trace."""

GIVEN_ID = re.compile(r"(?:m-|tr-)?[0-9a-f]{32}")
"""An id that MLflow gives to a run, a logged model or a trace: no other is like it, and none begins with another."""


def folder_of(workspace: str) -> str:
    """Return the folder of a workspace, empty for none, which is the default one's."""
    return f"{_WORKSPACES}/{workspace or _DEFAULT}"


def within(path: str, workspace: str) -> str:
    """Return an artifact's path within its workspace, without that workspace's folder, which clients may include."""
    return path.removeprefix(f"{folder_of(workspace)}/")


def placed(path: str, workspace: str) -> str:
    """Return where an artifact is stored whose path is ``path`` for a client with a workspace."""
    if workspace in ("", _DEFAULT):
        return path
    return f"{folder_of(workspace)}/{within(path, workspace)}"


def is_root(segments: Sequence[str], workspace: str) -> bool:
    """Return whether a server may have these folders as the root of its artifacts (``--default-artifact-root``).

    The folder of an experiment, which is a number, is none, nor is that of a workspace; and no more roots than that of
    all artifacts are known where there are workspaces.
    """
    if workspace not in ("", _DEFAULT):
        return not segments
    return not any(each in ("", ".", "..", _WORKSPACES) or each.isdecimal() for each in segments)


def served_folder(path: str, own_id: str, workspace: str) -> str:
    """Return the path of the folder of experiment ``own_id`` that is served, from that of its artifact location.

    It is empty if that location is another place: of a root, of another experiment, of another workspace.
    """
    *above, last = path.strip("/").split("/")
    rooted = last == own_id and is_root(above, workspace)
    return "/".join((*above, last)) if rooted else ""


def experiment_folder(path: str, workspace: str, experiments: Container[str]) -> str:
    """Return the folder of the one of these ``experiments`` that an artifact lies in, empty if it lies in none.

    It is ``7``. With another root it is ``team/models/7``, if the entry in it is named by an id that MLflow gives: any
    folder may be called by a number.
    """
    segments = within(path, workspace).split("/")
    for place, segment in enumerate(segments):
        below = [each for each in segments[place + 1 :] if each not in NESTED][:1]
        given = bool(below) and GIVEN_ID.fullmatch(below[0]) is not None
        if segment in experiments and (place == 0 or (given and is_root(segments[:place], workspace))):
            return "/".join(segments[: place + 1])
    return ""


def entry_of(path: str, workspace: str, experiments: Container[str]) -> str:
    """Return the entry of an experiment's folder that an artifact lies in: ``7/<run>``, or ``7/models/<model>``."""
    segments = within(path, workspace).split("/")
    depth = experiment_folder(path, workspace, experiments).count("/") + 1
    deep = len(segments) > depth and segments[depth] in NESTED
    return "/".join(segments[: depth + (2 if deep else 1)])
