"""The options of a run: read once, frozen, printed in the header."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.inventory import Installation
from registry_conformance.judge.locations import report_folder
from registry_conformance.judge.machine import new_run_id, variable
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external import mlflow_command
from registry_conformance.lab.external.deployment_folder import DeploymentFolder
from registry_conformance.lab.external.image import OPTIONS, ExternalImage, ExternalImageError, named
from registry_conformance.lab.external.mlflow_command import MlflowCommand
from registry_conformance.lab.external.mlflow_environment import MlflowEnvironment, MlflowEnvironmentError
from registry_conformance.lab.external.neighbour import OWN, Neighbour
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.run.option_values import (
    SettingsError,
    absent_parts,
    allure_folder,
    backend_named,
    checked_run_id,
    client_named,
    deployment_folder,
    environment_named,
    faults_named,
    load_plan,
    mlflow_command_named,
    neighbour_named,
    refuse_parts,
    signing_key,
    stack_named,
    store_named,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run was asked to do.

    ``stack`` and ``store`` are resolved (never ``auto``); ``proxy_port`` 0 means any free port; ``run_id`` is in
    every name that the run creates on a target. ``env`` is the environment's name, empty for a stack of our own;
    ``env_file`` its file where that is none of ``suites/live/environments``. ``plan`` is the file of a plan that is
    judged in the place of a deployment. ``proxy`` and ``mlflow`` are images of others in the place of the reference's;
    ``neighbour`` is a proxy of others as a process, or none, ``command`` how MLflow is started; ``parts`` are options
    that say so. ``url`` is the address of an environment that has no file; ``env`` is made from it then. ``read_only``
    sends an environment nothing that changes it, whatever its file allows. ``allure`` is a folder for
    Allure's results beside those of the report, its files removed first if ``allure_cleaned``.
    ``client`` is the MLflow that registers models, ``None`` for the one that is installed.
    ``load`` is the load that is put on the target, as ``LoadPlan`` reads it, empty for none.
    ``register`` is the release of the register that is asked, 0 for the newest. ``folder`` has files in the place of
    the shipped ones of ``docker/``. ``attestation_key`` is the file of the private key that signs the attestation of
    the run.
    """

    stack: str
    store: str
    faults: tuple[str, ...]
    report_dir: Path
    proxy_port: int
    run_id: str
    env: str = ""
    env_file: Path | None = None
    backend: str = "sqlite"
    plan: Path | None = None
    proxy: ExternalImage | None = None
    mlflow: ExternalImage | None = None
    parts: str = ""
    url: str = ""
    read_only: bool = False
    allure: Path | None = None
    allure_cleaned: bool = False
    neighbour: Neighbour | None = None
    command: MlflowCommand | None = None
    client: MlflowEnvironment | None = None
    load: str = ""
    folder: DeploymentFolder | None = None
    attestation_key: Path | None = None
    register: int = 0

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Settings:
        """Return the settings of this run; raise ``SettingsError`` for an invalid value."""
        port = options["proxy_port"]
        if port != 0 and not 1024 <= port <= 65535:
            raise SettingsError(f"--proxy-port={port}: use a port from 1024 to 65535, or 0 for any free one")
        environment = environment_named(options)
        if options.get("read_only") and not environment:
            raise SettingsError("--read-only: is for the deployments of others; add --env, --env-file or --url")
        ours = not environment and not options.get("plan")
        if not ours:
            refuse_parts(options)
        stack = stack_named(options["stack"], options["store"], ours=ours)
        store = store_named(options["store"], stack)
        try:
            proxy, mlflow = (named(part, options, in_containers=stack == "docker") for part in ("proxy", "mlflow"))
        except ExternalImageError as problem:
            raise SettingsError(str(problem)) from problem
        folder = deployment_folder(options.get("deployment") or "", stack)
        neighbour = neighbour_named(options.get("proxy") or OWN, stack, folder)
        command = mlflow_command_named(options.get("mlflow") or mlflow_command.OWN, stack)
        parts = [f"--{name.replace('_', '-')}={value}" for name in OPTIONS if (value := options.get(name))]
        parts += [f"--proxy={shlex.quote(neighbour.option)}"] if neighbour else []
        parts += [f"--mlflow={command}"] if command else []
        parts += [f"--deployment={shlex.quote(str(folder.folder))}"] if folder else []
        backend = backend_named(options.get("backend_store", "sqlite"), stack)
        external = [each for each in (proxy, mlflow, neighbour, command) if each is not None]
        return cls(
            stack=stack,
            store=store,
            backend=backend,
            faults=faults_named(options["fault"], external, store),
            report_dir=Path(options["report_dir"] or report_folder()).resolve(),
            proxy_port=port,
            run_id=checked_run_id(options.get("run_id") or new_run_id()),
            env=environment,
            url=options.get("url") or "",
            read_only=bool(options.get("read_only")),
            allure=allure_folder(options),
            allure_cleaned=bool(options.get("clean_alluredir")),
            env_file=Path(options["env_file"]).resolve() if options.get("env_file") else None,
            plan=Path(options["plan"]).resolve() if options.get("plan") else None,
            proxy=proxy,
            mlflow=mlflow,
            parts="".join(f" {part}" for part in parts),
            neighbour=neighbour,
            command=command,
            client=client_named(options.get("client") or ""),
            load=load_plan(options.get("load") or "", absent_parts(backend, store, neighbour) if ours else {}),
            folder=folder,
            register=int(options.get("register") or 0),
            attestation_key=signing_key(options.get("attestation_key") or ""),
        )

    @property
    def environments(self) -> list[MlflowEnvironment]:
        """The environments of other versions of MLflow that this run needs."""
        server = [MlflowEnvironment(self.command.version)] if self.command and self.command.version else []
        return server + ([self.client] if self.client else [])

    @property
    def installation(self) -> Installation | None:
        """The judged MLflow, if it is another version than the installed one."""
        return (
            Installation(self.command.version, self.command.python) if self.command and self.command.version else None
        )

    @property
    def store_url(self) -> str:
        """The URL of the external store, empty without one."""
        return self.store if "://" in self.store else ""

    @property
    def rerun_options(self) -> str:
        """Return the options with which another run judges the same target."""
        load = f" --load={shlex.quote(self.load)}" if self.load else ""
        pinned = f" --register={self.register}" if self.register else ""
        return self._judged_options + pinned + (f" --client={self.client.version}" if self.client else "") + load

    @property
    def _judged_options(self) -> str:
        """Return the options that name the target."""
        if self.plan is not None:
            return f" --plan={self.plan}" + (replace(self, plan=None)._judged_options if self.env else "")
        if self.env:
            return f" {self.environment_option}" + " --read-only" * self.read_only
        stack = f" --stack={self.stack}" if self.stack != "embedded" else ""
        backend = f" --backend-store={self.backend}" if self.backend != "sqlite" else ""
        faults = "".join(f" --fault={name}" for name in self.faults)
        return faults + stack + f" --store={self.store}" + backend + self.parts

    @property
    def environment_option(self) -> str:
        """The option that names the environment."""
        if self.url:
            return f"--url={shlex.quote(self.url)}"
        return f"--env-file={self.env_file}" if self.env_file is not None else f"--env={self.env}"

    def lines(self) -> list[str]:
        """Return the settings as header lines."""
        if self.plan is not None:
            return [f"run {self.run_id}: plan {self.plan.name}" + (f" for the environment {self.env}" * bool(self.env))]
        if self.env:
            return [f"run {self.run_id}: environment {self.env}"]
        faults = f", faults armed: {', '.join(self.faults)}" if self.faults else ""
        external = "".join(f", {each.part} {each.image}" for each in (self.proxy, self.mlflow) if each)
        external += f", proxy {self.neighbour}" if self.neighbour else ""
        external += f", MLflow by {self.command}" if self.command else ""
        external += f", files of {self.folder.folder}" if self.folder else ""
        return [f"run {self.run_id}: {self.stack} stack, {self.store} store, {self.backend}{external}{faults}"]


def install(settings: Settings, say: Callable[[str], None]) -> None:
    """Install the environments that a run needs, while the variables that configure the package index are still set.

    Raises ``SettingsError`` if one cannot be installed.
    """
    for environment in settings.environments:
        try:
            environment.make(say)
        except MlflowEnvironmentError as problem:
            raise SettingsError(f"MLflow {environment.version} cannot be installed: {problem}") from problem


def external_store(settings: Settings) -> ExternalStore | None:
    """Return the store of ``--store=URL`` with the credentials in the environment, ``None`` without a URL.

    Called once, before ``isolate``; raises ``SettingsError`` if credentials are missing.
    """
    if not settings.store_url or settings.env or settings.plan:
        return None
    told = {name: variable(f"AWS_{name}") or "" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")}
    if missing := [name for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY") if not told[name]]:
        raise SettingsError(f"--store={settings.store}: set AWS_{missing[0]} to what opens it")
    region = variable("AWS_REGION") or variable("AWS_DEFAULT_REGION") or REFERENCE.store.region
    return ExternalStore(settings.store, region, *told.values())
