"""Where the user's own MLflow client registers models."""

from __future__ import annotations

from registry_conformance.judge.machine import variable


def usual_registry() -> str:
    """Return what ``MLFLOW_REGISTRY_URI`` names, empty if models go to the tracking server."""
    return (variable("MLFLOW_REGISTRY_URI") or "").strip()
