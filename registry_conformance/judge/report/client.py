"""The MLflow client of a run, the server, and their known compatibility."""

from __future__ import annotations

from registry_conformance.judge.incompatibility import Incompatibility, between
from registry_conformance.judge.report.record import RunRecord


def server(run: RunRecord) -> str:
    """Return the judged MLflow's name and version: ``mlflow 3.9.0``; empty if unknown."""
    return str((run.target.get("versions") or {}).get("mlflow", ""))


def by_client(run: RunRecord) -> str:
    """Return client and server as part of a sentence: `` (mlflow 3.9.0) by the MLflow client 3.1.4``."""
    there = f" ({server(run)})" if server(run) else ""
    return there + (f" by the MLflow client {run.client}" if run.client else "")


def incompatibility(run: RunRecord) -> Incompatibility | None:
    """Return the known reason why this client cannot register on this server, ``None`` if there is none."""
    return between(server(run), run.client)
