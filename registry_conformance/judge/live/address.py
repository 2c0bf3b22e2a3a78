"""An environment without a file: a URL, the user's own credential, and what the door reports."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from registry_conformance.judge.diagnosis.preflight import AddressError, Finding, Preflight, examine, read_address
from registry_conformance.judge.diagnosis.preflight.finding import is_about_the_credential
from registry_conformance.judge.live.credentials import credential_of
from registry_conformance.judge.live.credentials_file import unsent_credential
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.network import network_of
from registry_conformance.judge.live.usual_key import HOW, usual_key
from registry_conformance.judge.live.usual_numbers import check_numbers
from registry_conformance.judge.live.usual_workspace import usual_workspace
from registry_conformance.judge.machine import variable
from registry_conformance.judge.target.target import Door

_PATIENCE = 15.0
"""Seconds that a sign of life is waited for."""


def environment_at(url: str) -> EnvironmentFile:
    """Return the environment for a tracking URI, without anything behind the door; raise ``EnvironmentFileError``.

    The credential comes from the MLflow client's sources. The door is probed: one that admits everybody is judged as
    open, and for one that rejects requests without a credential the error says how to supply one.
    """
    document, found = described(url)
    if found.finding is not None and "keys" not in document and is_about_the_credential(found.finding.kind):
        unsent = f"; {unsent}" if (unsent := unsent_credential()) else ""
        raise EnvironmentFileError(f"--url={_shown(url)}: {described_finding(found.finding)}; {HOW}{unsent}")
    return _validated(url, document)


def described(url: str) -> tuple[dict[str, Any], Preflight]:
    """Return a URL as an environment file, and what its door reported.

    Raises ``EnvironmentFileError`` for an invalid URL, and for one without MLflow, with the right one if it is known.
    """
    try:
        address = read_address(url).url
    except AddressError as problem:
        raise EnvironmentFileError(f"--url={problem}") from problem
    check_numbers()
    key = usual_key()
    document: dict[str, Any] = {
        "description": f"given by its address, {address}",
        "access": "sandboxed",
        "doors": {"canonical": {"url": address}},
    }
    if ca := (variable("MLFLOW_TRACKING_SERVER_CERT_PATH") or "").strip():
        document["doors"]["canonical"]["ca"] = str(Path(ca).resolve())
    if workspace := usual_workspace():
        document["workspaces"] = {"own": workspace}
    draft = _validated(url, document | {"keys": {"writer": key} if key else {}})
    table = draft.doors["canonical"]
    ca_file = Path(table.ca) if table.ca else None
    if ca_file is not None and not ca_file.is_file():
        raise EnvironmentFileError(
            f"the environment variable MLFLOW_TRACKING_SERVER_CERT_PATH: there is no file {ca_file}"
        )
    credential = credential_of(draft, "keys.writer", draft.keys["writer"]) if key else None
    door = Door("canonical", table.url, ca=ca_file, network=network_of(draft), workspace=workspace)
    found = examine(door, credential, "introduction", _PATIENCE)
    ended = found.finding
    if ended is not None and ended.kind.layer == "client" and not is_about_the_credential(ended.kind):
        raise EnvironmentFileError(f"--url={_shown(url)}: {described_finding(ended)}")
    document["doors"]["canonical"]["url"] = found.moved or table.url
    if found.open or not key:
        document["doors"]["canonical"]["policy"] = "open"
    else:
        document["keys"] = {"writer": key}
    return document, found


def described_finding(finding: Finding) -> str:
    """Return the finding at a URL and what to do, in a sentence."""
    return f"{finding.sentence}; {finding.remedy}"


def name_of(url: str) -> str:
    """Return a short name for the target at a URL, usable as a folder name."""
    parts = urlsplit(url)
    try:
        port = f"-{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'address'}{port}".replace(":", "-")


def as_toml(document: dict[str, Any]) -> str:
    """Return an environment as TOML."""
    plain = {name: value for name, value in document.items() if not isinstance(value, dict)}
    lines = [f"{name} = {_value(value)}" for name, value in plain.items()]
    tables = {name: value for name, value in document.items() if isinstance(value, dict)}
    for name, table in tables.items():
        named = table if all(isinstance(entry, dict) for entry in table.values()) else {"": table}
        for below, entries in named.items():
            lines += ["", f"[{name}.{below}]" if below else f"[{name}]"]
            lines += [f"{entry} = {_value(value)}" for entry, value in entries.items()]
    text = "\n".join(lines) + "\n"
    assert tomllib.loads(text) == document, "what is written reads back"
    return text


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _validated(url: str, document: dict[str, Any]) -> EnvironmentFile:
    try:
        return EnvironmentFile.model_validate(document)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        reason = str(first["msg"]).removeprefix("Value error, ")
        if first["loc"][:1] != ("doors",):
            raise EnvironmentFileError(f"the variables of the MLflow client: {reason}; {HOW}") from None
        raise EnvironmentFileError(f"--url={_shown(url)}: is {reason}") from None


def _shown(url: str) -> str:
    """Return a URL without parts that may be secret."""
    parts = urlsplit(url.strip())
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
