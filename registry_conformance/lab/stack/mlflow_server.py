"""The MLflow server, forked from a warm parent that has imported it: half a second instead of five.

``multiprocessing``'s fork server imports ``PRELOAD`` once; each server is a fork of it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from registry_conformance.judge.lifeline import die_with_parent

PRELOAD = ["registry_conformance.lab.stack.tied_to_parent", "registry_conformance.lab.stack.mlflow_source"]


def serve(
    environment: Mapping[str, str], listening: socket.socket, log: Path, workdir: Path, fresh: bool, source: Path | None
) -> None:
    """Become the MLflow server on a bound socket, which several may share, with exactly this environment.

    ``fresh`` imports the server's own modules again: some of its settings (static prefix, allowed hosts, CORS) are
    read at import, and the warm parent has them imported with the reference's. ``source`` is the folder of the
    server's own modules if they are not the shipped ones.
    """
    os.setsid()
    output = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(workdir)
    die_with_parent()
    supervisor = multiprocessing.parent_process()
    if supervisor is None or not supervisor.is_alive():  # the parent ended before prctl was called
        os._exit(1)
    if source is None:
        importlib.import_module("registry_conformance.lab.stack.mlflow_source").serving.run(listening, fresh=fresh)
        return
    for file in source.glob("*.py"):
        sys.modules.pop(file.stem, None)
    sys.path.insert(0, str(source))
    importlib.import_module("serving").run(listening, fresh=fresh)
