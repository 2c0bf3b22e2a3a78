"""The options of a run: read once, frozen, printed in the header."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.inventory import Installation
from registry_conformance.judge.live.address import name_of
from registry_conformance.judge.load.plan import LoadPlan, LoadPlanError
from registry_conformance.judge.locations import report_folder
from registry_conformance.judge.machine import client_version, new_run_id, variable
from registry_conformance.judge.suggestion import unknown
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external import mlflow_command
from registry_conformance.lab.external.image import OPTIONS, ExternalImage, ExternalImageError, named
from registry_conformance.lab.external.mlflow_command import MlflowCommand, MlflowCommandError
from registry_conformance.lab.external.mlflow_environment import MlflowEnvironment, MlflowEnvironmentError
from registry_conformance.lab.external.neighbour import OWN, Neighbour, NeighbourError
from registry_conformance.lab.external.store import ExternalStore, ExternalStoreError, checked, lacks
from registry_conformance.lab.faults.catalogue import CATALOGUE, broken
from registry_conformance.lab.images.engine import ready
from registry_conformance.lab.images.recipe import RECIPES
from registry_conformance.lab.programs import minio_path

STACKS = ("auto", "embedded", "docker")
STORES = ("auto", "minio", "moto")
BACKENDS = ("sqlite", "postgresql", "mariadb")


class SettingsError(ValueError):
    """An option value cannot be used; the message names it and what is allowed."""


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

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Settings:
        """Return the settings of this run; raise ``SettingsError`` for a value that cannot be used."""
        port = options["proxy_port"]
        if port != 0 and not 1024 <= port <= 65535:
            raise SettingsError(f"--proxy-port={port}: use a port from 1024 to 65535, or 0 for any free one")
        environment = _env(options)
        if options.get("read_only") and not environment:
            raise SettingsError("--read-only: is for the deployments of others; add --env, --env-file or --url")
        ours = not environment and not options.get("plan")
        stack = _stack(options["stack"], options["store"], ours=ours)
        store = store_named(options["store"], stack)
        try:
            proxy, mlflow = (named(part, options, in_containers=stack == "docker") for part in ("proxy", "mlflow"))
        except ExternalImageError as problem:
            raise SettingsError(str(problem)) from problem
        neighbour = _neighbour(options.get("proxy") or OWN, stack)
        command = _command(options.get("mlflow") or mlflow_command.OWN, stack)
        parts = [f"--{name.replace('_', '-')}={value}" for name in OPTIONS if (value := options.get(name))]
        parts += [f"--proxy={neighbour}"] if neighbour else []
        parts += [f"--mlflow={command}"] if command else []
        return cls(
            stack=stack,
            store=store,
            backend=_backend(options.get("backend_store", "sqlite"), stack),
            faults=_faults(options["fault"], [each for each in (proxy, mlflow, neighbour, command) if each], store),
            report_dir=Path(options["report_dir"] or report_folder()).resolve(),
            proxy_port=port,
            run_id=_run_id(options.get("run_id") or new_run_id()),
            env=environment,
            url=options.get("url") or "",
            read_only=bool(options.get("read_only")),
            allure=_allure(options),
            allure_cleaned=bool(options.get("clean_alluredir")),
            env_file=Path(options["env_file"]).resolve() if options.get("env_file") else None,
            plan=Path(options["plan"]).resolve() if options.get("plan") else None,
            proxy=proxy,
            mlflow=mlflow,
            parts="".join(f" {part}" for part in parts),
            neighbour=neighbour,
            command=command,
            client=_client(options.get("client") or ""),
            load=_load(options.get("load") or ""),
        )

    @property
    def environments(self) -> list[MlflowEnvironment]:
        """The environments of other versions of MLflow that this run needs."""
        server = [MlflowEnvironment(self.command.version)] if self.command and self.command.version else []
        return server + ([self.client] if self.client else [])

    @property
    def installation(self) -> Installation | None:
        """The MLflow that is judged, if it is another version than the one that is installed with this suite."""
        return (
            Installation(self.command.version, self.command.python) if self.command and self.command.version else None
        )

    @property
    def store_url(self) -> str:
        """The store of others that is used, empty if it is one of ours."""
        return self.store if "://" in self.store else ""

    @property
    def rerun_options(self) -> str:
        """Return the options that make another run judge the same thing."""
        load = f" --load={shlex.quote(self.load)}" if self.load else ""
        return self._judged_options + (f" --client={self.client.version}" if self.client else "") + load

    @property
    def _judged_options(self) -> str:
        """Return the options that name what is judged."""
        if self.plan is not None:
            return f" --plan={self.plan}" + (replace(self, plan=None)._judged_options if self.env else "")
        if self.env:
            return self._environment + " --read-only" * self.read_only
        stack = f" --stack={self.stack}" if self.stack != "embedded" else ""
        backend = f" --backend-store={self.backend}" if self.backend != "sqlite" else ""
        faults = "".join(f" --fault={name}" for name in self.faults)
        return faults + stack + f" --store={self.store}" + backend + self.parts

    @property
    def _environment(self) -> str:
        """The option that names the environment."""
        if self.url:
            return f" --url={shlex.quote(self.url)}"
        return f" --env-file={self.env_file}" if self.env_file is not None else f" --env={self.env}"

    def lines(self) -> list[str]:
        """Return the settings as header lines."""
        if self.plan is not None:
            return [f"run {self.run_id}: plan {self.plan.name}" + (f" for the environment {self.env}" * bool(self.env))]
        if self.env:
            return [f"run {self.run_id}: environment {self.env}"]
        faults = f", faults armed: {', '.join(self.faults)}" if self.faults else ""
        foreign = "".join(f", {each.part} {each.image}" for each in (self.proxy, self.mlflow) if each)
        foreign += f", proxy {self.neighbour}" if self.neighbour else ""
        foreign += f", MLflow by {self.command}" if self.command else ""
        return [f"run {self.run_id}: {self.stack} stack, {self.store} store, {self.backend}{foreign}{faults}"]


def _stack(name: str, store: str, *, ours: bool) -> str:
    """Return the kind of stack; no engine is asked if none will be started: another deployment is judged."""
    if name not in STACKS:
        raise SettingsError(f"--stack={name}: {unknown(name, STACKS)}")
    if name != "auto" or not ours:
        return name if name != "auto" else "embedded"
    stores = [] if "://" in store else ["moto" if store == "moto" else "store"]
    return "docker" if ready([RECIPES[part].tag for part in (*stores, "auth", "mlflow", "proxy")]) else "embedded"


def store_named(name: str, stack: str = "embedded") -> str:
    """Return ``minio``, ``moto`` or a URL for what was asked for; raise ``SettingsError`` for what cannot be had."""
    if "://" in name:
        try:
            return checked(name, from_containers=stack == "docker")
        except ExternalStoreError as problem:
            raise SettingsError(f"--store={name.rpartition('@')[2]}: {problem}") from problem
    if name not in STORES:
        raise SettingsError(f"--store={name}: {unknown(name, STORES)}, or the URL of an S3 service")
    if stack == "docker":
        return "minio" if name == "auto" else name
    if name == "minio" and not minio_path():
        raise SettingsError("--store=minio: no 'minio' on PATH; build it: scripts/build-minio, or use --store=moto")
    if name == "auto":
        return "minio" if minio_path() else "moto"
    return name


def _load(text: str) -> str:
    try:
        return str(LoadPlan.parse(text)) if text else ""
    except LoadPlanError as problem:
        raise SettingsError(f"--load: {problem}") from problem


def _neighbour(name: str, stack: str) -> Neighbour | None:
    try:
        neighbour = Neighbour.named(name)
    except NeighbourError as problem:
        raise SettingsError(f"--proxy={name}: {problem}") from problem
    if neighbour is not None and stack == "docker":
        raise SettingsError(f"--proxy={name}: is a process of this machine; add --stack=embedded")
    return neighbour


def _command(name: str, stack: str) -> MlflowCommand | None:
    try:
        command = MlflowCommand.named(name)
    except MlflowCommandError as problem:
        raise SettingsError(f"--mlflow={name}: {problem}") from problem
    if command is not None and stack == "docker":
        raise SettingsError(f"--mlflow={name}: is a process of this machine; add --stack=embedded")
    return command


def _client(version: str) -> MlflowEnvironment | None:
    """Return the environment of the client, ``None`` for the MLflow that is installed here."""
    if not version or version == client_version():
        return None
    try:
        return MlflowEnvironment.named(version)
    except MlflowEnvironmentError as problem:
        raise SettingsError(f"--client={version}: {problem}") from problem


def _backend(name: str, stack: str) -> str:
    if name not in BACKENDS:
        raise SettingsError(f"--backend-store={name}: {unknown(name, BACKENDS)}")
    if name == "mariadb" and stack == "docker":
        raise SettingsError("--backend-store=mariadb: is a process of this machine; add --stack=embedded")
    return name


def _env(options: Mapping[str, Any]) -> str:
    """Return the name of the environment that is judged, empty for a stack of our own."""
    name, file, url = (options.get(option) or "" for option in ("env", "env_file", "url"))
    given = [f"--{option}" for option, value in (("env", name), ("env-file", file), ("url", url)) if value]
    if len(given) > 1:
        raise SettingsError(f"{' and '.join(given)} exclude each other: give one of them")
    return name or Path(file).stem or (name_of(url) if url else "")


def _allure(options: Mapping[str, Any]) -> Path | None:
    """Return the folder for Allure's results, ``None`` for the one in the report alone."""
    if not options.get("alluredir"):
        return None
    folder = Path(options["alluredir"]).resolve()
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"--alluredir={options['alluredir']}: is no folder")
    return folder


def _faults(
    names: Iterable[str], foreign: Iterable[ExternalImage | Neighbour | MlflowCommand], store: str
) -> tuple[str, ...]:
    if strange := [name for name in names if name not in CATALOGUE]:
        listing = "registry-conformance faults list"
        raise SettingsError(f"--fault={strange[0]}: {unknown(strange[0], CATALOGUE, listing=listing)}")
    for name in names:
        deployment = broken(REFERENCE, [name])
        lacking = [each.lacks(deployment) for each in foreign] + ([lacks(store, deployment)] if "://" in store else [])
        if reasons := [reason for reason in lacking if reason]:
            raise SettingsError(f"--fault={name}: it cannot be armed here: {reasons[0]}")
    return tuple(dict.fromkeys(names))


def _run_id(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,60}", name):
        raise SettingsError(f"--run-id={name}: use small letters, digits and dashes, 3 to 61 of them, a letter first")
    return name


def install(settings: Settings, say: Callable[[str], None]) -> None:
    """Make the environments that a run needs, before the variables are gone that say where the index is.

    Raises ``SettingsError`` if one cannot be made.
    """
    for environment in settings.environments:
        try:
            environment.make(say)
        except MlflowEnvironmentError as problem:
            raise SettingsError(f"MLflow {environment.version} cannot be installed: {problem}") from problem


def external_store(settings: Settings) -> ExternalStore | None:
    """Return the store at the URL of ``--store`` with the credentials of the environment, ``None`` if it is ours.

    Asked once, before ``isolate``; raises ``SettingsError`` if credentials are missing.
    """
    if not settings.store_url or settings.env or settings.plan:
        return None
    told = {name: variable(f"AWS_{name}") or "" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")}
    if missing := [name for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY") if not told[name]]:
        raise SettingsError(f"--store={settings.store}: set AWS_{missing[0]} to what opens it")
    region = variable("AWS_REGION") or variable("AWS_DEFAULT_REGION") or REFERENCE.store.region
    return ExternalStore(settings.store, region, *told.values())
