"""Where the user's own MLflow client registers models, and into which run and experiment it logs."""

from __future__ import annotations

from registry_conformance.judge.machine import variable


def usual_registry() -> str:
    """Return what ``MLFLOW_REGISTRY_URI`` names, empty if models go to the tracking server."""
    return (variable("MLFLOW_REGISTRY_URI") or "").strip()


def named_objects() -> tuple[tuple[str, str], ...]:
    """Return the variables that name a run or an experiment in which the client logs, with their values."""
    names = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")
    given = ((name, (variable(name) or "").strip()) for name in names)
    return tuple((name, value) for name, value in given if value)
