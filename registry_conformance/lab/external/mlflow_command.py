"""MLflow started by ``mlflow server``, as most people do, instead of the reference's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from registry_conformance.judge.suggestion import unknown
from registry_conformance.lab.deployment import Deployment, MLflow
from registry_conformance.lab.external.mlflow_environment import FORM, MlflowEnvironment, MlflowEnvironmentError

OWN = "reference"
USUAL = ("--workers", "2")
"""The arguments of ``mlflow server`` where it is started in no way of its own."""
PREFIX = "/registry"
PERMITTED = "READ"
"""The declared default permission of MLflow's own permissions."""
WORKSPACES = ("conformance", "elsewhere")
"""The workspace that the suite works in where MLflow keeps workspaces apart, and another."""


class MlflowCommandError(ValueError):
    """There is no such way to start MLflow, or no such version; the message lists the existing ones."""


@dataclass(frozen=True, slots=True)
class MlflowCommand:
    """A way to start MLflow: further ``arguments`` of ``mlflow server``.

    ``prefix`` is what its paths begin with; ``passwords`` is whether it asks for a user and a password by itself,
    ``tokens`` whether it asks for a token of an identity provider.
    ``default_permission`` is what its own permissions give, if it asks for passwords, and ``sign_in`` the function that
    checks these, MLflow's own if it is empty. ``own_hash`` is whether passwords are kept by MLflow's own hash, which
    takes a processor a tenth of a second for each request, instead of a cheaper one. ``environment`` is added to the
    server's environment last.
    ``workspaces`` is whether it keeps workspaces apart.
    ``version`` is the MLflow that is started, by the interpreter ``python``; both are empty for the installed one.
    """

    name: str
    arguments: tuple[str, ...] = ()
    prefix: str = ""
    passwords: bool = False
    tokens: bool = False
    version: str = ""
    python: str = ""
    default_permission: str = PERMITTED
    sign_in: str = ""
    own_hash: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    workspaces: bool = False

    @classmethod
    def named(cls, text: str) -> MlflowCommand | None:
        """Return what ``WAY``, ``VERSION`` or ``VERSION:WAY`` names, ``None`` for the reference's own.

        Raises ``MlflowCommandError``.
        """
        if text == OWN:
            return None
        first, _, way = text.partition(":")
        if not FORM.fullmatch(first) and not first[:1].isdigit():
            if text not in COMMANDS:
                raise MlflowCommandError(f"{unknown(text, (OWN, *COMMANDS))}, or a version, as 3.9.0")
            return COMMANDS[text]
        if way not in COMMANDS and text != first:
            raise MlflowCommandError(unknown(way, COMMANDS))
        if way and COMMANDS[way].tokens:
            raise MlflowCommandError(f"{way} is started beside the installed MLflow: leave the version out")
        try:
            environment = MlflowEnvironment.named(first)
        except MlflowEnvironmentError as problem:
            raise MlflowCommandError(str(problem)) from problem
        started = COMMANDS[way] if way else cls("", USUAL)
        return replace(started, name=text, version=first, python=environment.python)

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible with it, empty if it is."""
        if deployment.mlflow not in (MLflow(), MLflow(up=False)):
            return f"MLflow by `mlflow server` ({self.name}) has the flags that it is started with"
        return ""

    @property
    def is_usual(self) -> bool:
        """Whether nothing but the number of workers is chosen."""
        return self.arguments == USUAL

    def __str__(self) -> str:
        return self.name


COMMANDS: Mapping[str, MlflowCommand] = MappingProxyType(
    {
        "uvicorn": MlflowCommand("uvicorn", USUAL),
        "gunicorn": MlflowCommand("gunicorn", ("--workers", "2", "--gunicorn-opts", "--log-level info")),
        "static-prefix": MlflowCommand("static-prefix", ("--workers", "1", "--static-prefix", PREFIX), PREFIX),
        "basic-auth": MlflowCommand("basic-auth", ("--workers", "1", "--app-name", "basic-auth"), passwords=True),
        "workspaces": MlflowCommand("workspaces", ("--workers", "1", "--enable-workspaces"), workspaces=True),
        "oidc-auth": MlflowCommand("oidc-auth", ("--workers", "1", "--app-name", "oidc-auth"), tokens=True),
    }
)
