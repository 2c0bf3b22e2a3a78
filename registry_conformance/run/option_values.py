"""Parses and validates the value of each option; errors name the allowed values."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.load.plan import LoadPlan, LoadPlanError
from registry_conformance.judge.locations import brought_by
from registry_conformance.judge.machine import client_version
from registry_conformance.judge.report import attestation
from registry_conformance.judge.shown_name import no_file
from registry_conformance.judge.suggestion import unknown
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.external.deployment_folder import DeploymentFolder, DeploymentFolderError
from registry_conformance.lab.external.image import OPTIONS as IMAGE_OPTIONS
from registry_conformance.lab.external.image import ExternalImage
from registry_conformance.lab.external.mlflow_command import MlflowCommand, MlflowCommandError
from registry_conformance.lab.external.mlflow_environment import MlflowEnvironment, MlflowEnvironmentError
from registry_conformance.lab.external.neighbour import NONE, Neighbour, NeighbourError
from registry_conformance.lab.external.store import ExternalStoreError, checked, store_lacks
from registry_conformance.lab.faults.catalogue import CATALOGUE, broken
from registry_conformance.lab.images.engine import ready
from registry_conformance.lab.images.recipe import RECIPES
from registry_conformance.lab.programs import VERSITYGW, minio_path, versitygw_path

STACKS = ("auto", "embedded", "docker")
STORES = ("auto", "minio", "moto", "versitygw")
BACKENDS = ("sqlite", "postgresql", "mariadb")


class SettingsError(ValueError):
    """An option has an invalid value; the message names the option and what is allowed."""


class NotEmpty(argparse.Action):
    """An option whose value is no empty text: left out, it means something else than what was to be said."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Store the value; raise ``pytest.UsageError`` if it is empty."""
        if not values:
            raise pytest.UsageError(f"{option_string}=: the value is empty; give one, or leave the option out")
        setattr(namespace, self.dest, values)


def stack_named(name: str, store: str, *, ours: bool) -> str:
    """Return the kind of stack; without starting one, no container engine is called."""
    if name not in STACKS:
        raise SettingsError(f"--stack={name}: {unknown(name, STACKS)}")
    if name != "auto" or not ours:
        return name if name != "auto" else "embedded"
    stores = ["moto" if store == "moto" else "store"]
    if "://" in store:
        stores = []
    return "docker" if ready([RECIPES[part].tag for part in (*stores, "auth", "mlflow", "proxy")]) else "embedded"


def store_named(name: str, stack: str = "embedded") -> str:
    """Return one of ``STORES`` but ``auto``, or a URL; raise ``SettingsError`` for anything unavailable."""
    if "://" in name:
        try:
            return checked(name, from_containers=stack == "docker")
        except ExternalStoreError as problem:
            raise SettingsError(f"--store={name.rpartition('@')[2]}: {problem}") from problem
    if name not in STORES:
        raise SettingsError(f"--store={name}: {unknown(name, STORES)}, or the URL of an S3 service")
    if stack == "docker":
        if name == "versitygw":
            raise SettingsError("--store=versitygw: is a process of this machine; add --stack=embedded")
        return "minio" if name == "auto" else name
    if name == "minio" and not minio_path():
        raise SettingsError("--store=minio: no 'minio' on PATH; build it: scripts/build-minio, or use --store=moto")
    if name == "versitygw" and not versitygw_path():
        raise SettingsError(
            f"--store=versitygw: no 'versitygw' on PATH; install it: go install {VERSITYGW}, or use --store=moto"
        )
    if name == "auto":
        return "minio" if minio_path() else "moto"
    return name


def load_plan(text: str, absent: Mapping[str, str]) -> str:
    """Return the complete form of a load plan, empty for none; ``absent`` parts cannot be killed."""
    if not text:
        return ""
    try:
        plan = LoadPlan.parse(text)
    except LoadPlanError as problem:
        raise SettingsError(f"--load: {problem}") from problem
    if plan.kill in absent:
        raise SettingsError(f"kill={plan.kill}: {absent[plan.kill]}")
    return str(plan)


def absent_parts(backend: str, store: str, neighbour: Neighbour | None) -> dict[str, str]:
    """Return the parts that a local stack does not start as processes of its own, and why each is absent."""
    absent = {}
    if backend == "sqlite":
        absent["database"] = "SQLite is a file that MLflow opens, and no process; add --backend-store=postgresql"
    if "://" in store:
        absent["store"] = "the store was given by its URL, and is not ours to kill"
    if neighbour is not None and neighbour.name == NONE:
        absent["proxy"] = f"there is none with --proxy={NONE}"
    if neighbour is not None and not neighbour.asks_auth:
        absent |= dict.fromkeys(("auth", "keys"), f"with --proxy={neighbour.option} nobody asks it")
    return absent


def signing_key(name: str) -> Path | None:
    """Return the file of the attestation key, ``None`` if none is named; it is loaded once now."""
    if not name:
        return None
    if not os.path.exists(name):  # noqa: PTH110 - unlike Path.exists false for a name that no file can have
        raise SettingsError(f"--attestation-key: {no_file(name, Path(name), 'the private key, in PEM')}")
    try:
        attestation.signer(Path(name).resolve())
    except attestation.KeyUnusableError as problem:
        raise SettingsError(f"--attestation-key={problem}") from problem
    except ModuleNotFoundError as missing:
        wanted = brought_by("attest")
        raise SettingsError(
            f"--attestation-key={name}: needs {missing.name}, which is not installed: {wanted}"
        ) from missing
    return Path(name).resolve()


def deployment_folder(name: str, stack: str) -> DeploymentFolder | None:
    """Return the folder whose files replace the shipped ones, ``None`` if none is named."""
    if not name:
        return None
    if stack == "docker":
        raise SettingsError(f"--deployment={name}: an image holds its own files; add --stack=embedded, or build images")
    try:
        return DeploymentFolder.read(Path(name).resolve())
    except DeploymentFolderError as problem:
        raise SettingsError(f"--deployment={name}: {problem}") from problem


def neighbour_named(name: str, stack: str, folder: DeploymentFolder | None = None) -> Neighbour | None:
    """Return the third-party proxy, ``None`` for the reference's; its configuration may be in ``folder``."""
    try:
        neighbour = Neighbour.named(name, folder.proxies if folder else None)
    except NeighbourError as problem:
        raise SettingsError(f"--proxy={name}: {problem}") from problem
    if neighbour is not None and stack == "docker":
        raise SettingsError(f"--proxy={name}: is a process of this machine; add --stack=embedded")
    return neighbour


def mlflow_command_named(name: str, stack: str) -> MlflowCommand | None:
    """Return how MLflow is started, ``None`` for the reference's way."""
    try:
        command = MlflowCommand.named(name)
    except MlflowCommandError as problem:
        raise SettingsError(f"--mlflow={name}: {problem}") from problem
    if command is not None and stack == "docker":
        raise SettingsError(f"--mlflow={name}: is a process of this machine; add --stack=embedded")
    return command


def client_named(version: str) -> MlflowEnvironment | None:
    """Return the environment of the MLflow client, ``None`` for the installed one."""
    if not version or version == client_version():
        return None
    try:
        return MlflowEnvironment.named(version)
    except MlflowEnvironmentError as problem:
        raise SettingsError(f"--client={version}: {problem}") from problem


def backend_named(name: str, stack: str) -> str:
    """Return the backend store, one of ``BACKENDS``."""
    if name not in BACKENDS:
        raise SettingsError(f"--backend-store={name}: {unknown(name, BACKENDS)}")
    if name == "mariadb" and stack == "docker":
        raise SettingsError("--backend-store=mariadb: is a process of this machine; add --stack=embedded")
    return name


def environment_named(options: Mapping[str, Any]) -> str:
    """Return the name of the judged environment, empty for a local stack."""
    name, file, url = (options.get(option) or "" for option in ("env", "env_file", "url"))
    given = [f"--{option}" for option, value in (("env", name), ("env-file", file), ("url", url)) if value]
    if len(given) > 1:
        raise SettingsError(f"{' and '.join(given)} exclude each other: give one of them")
    if name or file or not url:
        return name or Path(file).stem
    from registry_conformance.judge.live.address import name_of  # noqa: PLC0415 - with all that reads an environment

    return name_of(url)


def refuse_parts(options: Mapping[str, Any]) -> None:
    """Raise ``SettingsError`` for an option of a local stack, where a deployment of others or a plan is judged."""
    judged = next(name for name in ("url", "env_file", "env", "plan") if options.get(name))
    parts: dict[str, object] = {
        "stack": "auto",
        "store": "auto",
        "backend_store": "sqlite",
        "proxy": "",
        "mlflow": "",
        "deployment": "",
    }
    parts |= {**dict.fromkeys(IMAGE_OPTIONS, ""), "proxy_port": 0}
    for name, usual in parts.items():
        if (value := options.get(name) or usual) != usual:
            shown = f"--{name.replace('_', '-')}={value}"
            raise SettingsError(f"{shown}: is of a local stack, and --{judged.replace('_', '-')} judges none: give one")


def allure_folder(options: Mapping[str, Any]) -> Path | None:
    """Return the folder for Allure results, ``None`` if only the report needs them."""
    if not options.get("alluredir"):
        return None
    folder = Path(options["alluredir"]).resolve()
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"--alluredir={options['alluredir']}: is no folder")
    return folder


def faults_named(
    names: Iterable[str], external: Iterable[ExternalImage | Neighbour | MlflowCommand], store: str
) -> tuple[str, ...]:
    """Return the faults to inject, each once; raise ``SettingsError`` if an external part cannot have one."""
    if strange := [name for name in names if name not in CATALOGUE]:
        listing = "registry-conformance faults list"
        raise SettingsError(f"--fault={strange[0]}: {unknown(strange[0], CATALOGUE, listing=listing)}")
    for name in names:
        deployment = broken(REFERENCE, [name])
        lacking = [*(each.lacks(deployment) for each in external), store_lacks(store, deployment)]
        if reasons := [reason for reason in lacking if reason]:
            raise SettingsError(f"--fault={name}: it cannot be armed here: {reasons[0]}")
    return tuple(dict.fromkeys(names))


def checked_run_id(name: str) -> str:
    """Return a validated run id, which is part of every name that the run creates."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,60}", name):
        raise SettingsError(f"--run-id={name}: use small letters, digits and dashes, 3 to 61 of them, a letter first")
    return name
