"""The client's part in a verdict: who registered, on which MLflow, and what is known of the two together."""

from __future__ import annotations

from registry_conformance.judge.incompatibility import Incompatibility, between
from registry_conformance.judge.report.record import RunRecord


def server(run: RunRecord) -> str:
    """Return the MLflow that is judged, as it names itself: ``mlflow 3.9.0``; empty if that is not known."""
    return str((run.target.get("versions") or {}).get("mlflow", ""))


def by_client(run: RunRecord) -> str:
    """Return who registered on what, as a part of a sentence: `` (mlflow 3.9.0) by the MLflow client 3.1.4``."""
    there = f" ({server(run)})" if server(run) else ""
    return there + (f" by the MLflow client {run.client}" if run.client else "")


def incompatibility(run: RunRecord) -> Incompatibility | None:
    """Return what is known to keep this client from registering on this server, ``None`` if nothing is."""
    return between(server(run), run.client)
