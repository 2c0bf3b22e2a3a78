"""MLflow started as people start it, by ``mlflow server``, in the place of the reference's own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registry_conformance.judge.suggestion import unknown
from registry_conformance.lab.deployment import Deployment, MLflow

OWN = "reference"
PREFIX = "/registry"


class MlflowCommandError(ValueError):
    """There is no such way of starting MLflow; the message says which there are."""


@dataclass(frozen=True, slots=True)
class MlflowCommand:
    """A way to start MLflow: further ``arguments`` of ``mlflow server``.

    ``prefix`` is what its paths begin with; ``passwords`` is whether it asks for a user and a password by itself.
    """

    name: str
    arguments: tuple[str, ...] = ()
    prefix: str = ""
    passwords: bool = False

    @classmethod
    def named(cls, name: str) -> MlflowCommand | None:
        """Return a way by its name, ``None`` for the reference's own; raise ``MlflowCommandError``."""
        if name == OWN:
            return None
        if name not in COMMANDS:
            raise MlflowCommandError(unknown(name, (OWN, *COMMANDS)))
        return COMMANDS[name]

    def lacks(self, deployment: Deployment) -> str:
        """Return why it cannot be had in a deployment, empty if it can."""
        if deployment.mlflow not in (MLflow(), MLflow(up=False)):
            return f"MLflow by `mlflow server` ({self.name}) has the flags that it is started with"
        return ""

    def __str__(self) -> str:
        return self.name


COMMANDS: Mapping[str, MlflowCommand] = MappingProxyType(
    {
        "uvicorn": MlflowCommand("uvicorn", ("--workers", "2")),
        "gunicorn": MlflowCommand("gunicorn", ("--workers", "2", "--gunicorn-opts", "--log-level info")),
        "static-prefix": MlflowCommand("static-prefix", ("--workers", "1", "--static-prefix", PREFIX), PREFIX),
        "basic-auth": MlflowCommand("basic-auth", ("--workers", "1", "--app-name", "basic-auth"), passwords=True),
    }
)
