"""Serving MLflow from a process that has imported it already: imported by a parent, run in its forks."""

from __future__ import annotations

import gc
import importlib
import socket
import sys
from pathlib import Path

import boto3  # noqa: F401 - half a second that no fork waits for
import mlflow.server.fastapi_app
import mlflow.store.artifact.s3_artifact_repo
import mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 - as above
import uvicorn
import uvicorn.lifespan.on
import uvicorn.loops.auto
import uvicorn.protocols.http.auto
from mlflow.server import _UVICORN_LOG_CONFIG


def run(listening: socket.socket, *, fresh: bool) -> None:
    """Serve the registry on a bound socket until told to end; settings are the environment's.

    ``fresh`` imports the server's own modules again: some of its settings are read at import.
    """
    if fresh:
        for name in [name for name in sys.modules if name.startswith("mlflow.server")]:
            if name != "mlflow.server.handlers":
                del sys.modules[name]
    sys.path.insert(0, str(Path(__file__).parent))
    app = importlib.import_module("registry_app").app
    gc.freeze()  # what is imported stays, and need not be looked at again and again
    # uvicorn's own access log shows queries, and no request id.
    config = uvicorn.Config(app, log_config=str(_UVICORN_LOG_CONFIG), access_log=False)
    uvicorn.Server(config).run(sockets=[listening])
