"""A local stack declared as an environment: file, secrets, and objects of others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import expect_status
from registry_conformance.judge.machine import python
from registry_conformance.judge.target.target import LogGroup, Target

OTHERS = "somebody-elses"


@dataclass(frozen=True, slots=True)
class EnvironmentChanges:
    """How an environment file differs from the truth.

    ``doors`` replaces URLs by door, ``keys`` the key that a role is given by another role's, ``without`` leaves tables
    out, ``secure`` says that the first door is the one that takes TLS, ``bucket_key`` replaces the bucket's secret,
    ``tables`` replaces tables whole. ``direct`` declares artifacts direct, by the bucket's credentials; ``client_key``
    replaces the secret of those. ``variables`` are set in the environment of the run, and ``log_group`` is where
    MLflow logs instead of a file.
    """

    doors: Mapping[str, str] | None = None
    keys: Mapping[str, str] | None = None
    without: tuple[str, ...] = ()
    access: str = "sandboxed"
    secure: bool = False
    bucket_key: str = ""
    direct: bool = False
    client_key: str = ""
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    expected_failures: tuple[Mapping[str, Any], ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    log_group: LogGroup | None = None


TRUE = EnvironmentChanges()
_PROMISED = ["mlflow", "gateway", "platform", "store", "account"]
"""What the reference promises and an environment can be judged by."""


def environment(target: Target, folder: Path, changes: EnvironmentChanges = TRUE) -> Path:
    """Write the file of an environment that is this target, its secrets beside it; return the file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    tables: dict[str, dict[str, Any]] = {f"doors.{door.name}": {"url": door.url} for door in target.doors}
    for name, url in (changes.doors or {}).items():
        tables[f"doors.{name}"] = {"url": url}
    if changes.secure:
        assert target.secure is not None, "a stack of our own takes TLS"
        tables = {f"doors.{target.doors[0].name}": {"url": target.secure.url}}
    swapped = changes.keys or {}
    for role in target.keys:
        key = target.api_key(swapped.get(role, role))
        assert key is not None, "a stack of our own has API keys"
        tables[f"keys.{role}"] = _secret(folder, f"key-{role}", key)
    if target.origin is not None:
        tables["origin"] = {"url": target.origin.url}
    if target.bucket is not None:
        store = target.bucket
        tables["bucket"] = {
            "name": store.bucket,
            "prefix": store.prefix,
            "region": store.region,
            "endpoint": store.endpoint,
            "access_key": _secret(folder, "bucket-access", store.access_key),
            "secret_key": _secret(folder, "bucket-secret", changes.bucket_key or store.secret_key),
        }
        if changes.direct:
            tables["artifacts"] = {"uploads": "direct", "downloads": "direct"}
            tables["artifacts.client"] = {
                "region": store.region,
                "endpoint": store.endpoint,
                "access_key": _secret(folder, "client-access", store.access_key),
                "secret_key": _secret(folder, "client-secret", changes.client_key or store.secret_key),
            }
    tables["logs.mlflow"] = {"file": str(target.logs["mlflow"])}
    if group := changes.log_group:
        tables["logs.mlflow"] = {
            "group": group.name,
            "region": group.region,
            "endpoint": group.endpoint,
            "access_key": _secret(folder, "logs-access", group.access_key),
            "secret_key": _secret(folder, "logs-secret", group.secret_key),
        }
    tables["budget"] = {"requests": 100_000, "objects": 50_000, "megabytes": 2_000, "seconds": 3_600}
    tables["cleanup"] = {"purge": [python(), str(_purger(target, folder))]}
    tables |= {name: dict(table) for name, table in changes.tables.items()}
    text = f'description = "a stack of our own, as though it were foreign"\naccess = "{changes.access}"\n'
    text += f"promises = {json.dumps(_PROMISED)}\n"
    for name, table in tables.items():
        if not name.startswith(changes.without or ("\0",)):
            text += _table(f"[{name}]", table)
    text += "".join(_table("[[expected_failures]]", each) for each in changes.expected_failures)
    file = folder / "rehearsal.toml"
    file.write_text(text, encoding="utf-8")
    return file


def create_foreign_models(target: Target) -> None:
    """Put there what other people have: runs, models, files, deleted things, an upload that was never finished."""
    assert target.origin is not None, "a stack of our own has an origin"
    origin = MlflowHttp(target.origin, None, Evidence(), "rehearsal")
    for name in (f"{OTHERS}-experiment", f"{OTHERS}-deleted-experiment"):
        made = expect_status(origin.create_experiment(name), 200).document["experiment_id"]
        for kept in (True, False):
            run = expect_status(origin.create_run(made, "theirs"), 200).document["run"]["info"]
            expect_status(origin.put_artifact(run["artifact_uri"], "theirs.txt", b"not ours"), 200)
            if not kept:
                expect_status(origin.post("runs/delete", run_id=run["run_id"]), 200)
        if "deleted" in name:
            expect_status(origin.post("experiments/delete", experiment_id=made), 200)
    expect_status(origin.create_model(f"{OTHERS}-model"), 200)
    expect_status(origin.create_multipart(f"mlflow-artifacts:/{OTHERS}", "upload.bin", 1), 200)


def _purger(target: Target, folder: Path) -> Path:
    """Write the program that an operator of this target has for what no request removes."""
    database = target.logs["mlflow"].parents[1] / "mlflow" / "mlflow.db"
    program = folder / "purge.py"
    program.write_text(
        "import os, sys\n"
        f"os.environ['REGISTRY_BACKEND_STORE_URI'] = 'sqlite:///{database}'\n"
        f"os.execv(sys.executable, [sys.executable, '-m', 'registry_conformance', 'purge', *sys.argv[1:]])\n"
    )
    return program


def _secret(folder: Path, name: str, value: str) -> dict[str, str]:
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(value)
    return {"file": str(file)}


def _table(head: str, table: Mapping[str, Any]) -> str:
    return f"\n{head}\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)  # texts, numbers and lists are written alike in both
