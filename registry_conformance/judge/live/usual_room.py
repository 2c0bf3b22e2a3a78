"""The room that the user's own MLflow client has on its machine: it writes a model there before it uploads it."""

from __future__ import annotations

import shutil
import tempfile

from registry_conformance.judge.diagnosis.client_limits import ROOM


def client_room() -> tuple[tuple[str, int], ...]:
    """Return how many bytes are free in the client's temporary folder; nothing if none can be used."""
    try:
        return ((ROOM, shutil.disk_usage(tempfile.gettempdir()).free),)
    except OSError:
        return ()  # of a machine, or a container, that registers no model
