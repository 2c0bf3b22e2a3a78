"""The workspace that the user's own MLflow client works in."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import WorkspaceName
from registry_conformance.judge.machine import variable


def usual_workspace() -> str:
    """Return what ``MLFLOW_WORKSPACE`` names, empty for none; raise ``EnvironmentFileError`` if it can name none."""
    given = (variable("MLFLOW_WORKSPACE") or "").strip()
    try:
        return given and str(TypeAdapter(WorkspaceName).validate_python(given))
    except ValidationError:
        raise EnvironmentFileError(
            f"the environment variable MLFLOW_WORKSPACE: {given[:80]!r} is no name of a workspace, which has 2 to 63 "
            "lower-case letters, digits and hyphens; correct or unset it"
        ) from None
