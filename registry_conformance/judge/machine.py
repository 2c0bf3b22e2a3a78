"""This machine: paths, interpreter, and the only reader of environment variables."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from registry_conformance import __version__
from registry_conformance.judge.locations import ROOT

RUN_VARIABLE = "REGISTRY_CONFORMANCE_RUN"
"""Environment variable that marks every process of a run, so that it can be swept by run id."""
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")
_REMOVED_PREFIXES = ("AWS_", "MLFLOW_", "_MLFLOW_", "BOTO_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_REMOVED = (*_PROXIES, "NETRC")
_OF_INSTALLERS = ("UV_", "PIP_", "SSL_CERT_", *_PROXIES, "NO_PROXY", "no_proxy")
"""How the names of variables begin by which an installer finds its index, trusts it, and gets there."""
_HANDED_ON = "REGISTRY_CONFORMANCE_INSTALLER"
"""Environment variable by which a process hands them on to one that has nothing else of the user's."""


def _of_installers() -> dict[str, str]:
    if handed_on := os.environ.get(_HANDED_ON):
        return dict(json.loads(handed_on))
    return {name: value for name, value in os.environ.items() if name.startswith(_OF_INSTALLERS)}


_INSTALLERS = _of_installers()
"""Read before ``isolate`` removes them."""


def installer_environment() -> dict[str, str]:
    """Return the environment for a program that installs packages: with the user's index, certificates and proxy."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OF_INSTALLERS)} | _INSTALLERS


def handed_on() -> dict[str, str]:
    """Return the variable by which a process with ``part_environment`` can install packages as this one can."""
    return {_HANDED_ON: json.dumps(_INSTALLERS)}


def part_environment(run_id: str, home: Path) -> dict[str, str]:
    """Return the base environment of every part: nothing of the user's, no credentials, no proxy."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "NO_PROXY": "*",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        RUN_VARIABLE: run_id,
    }


def engine_environment() -> dict[str, str]:
    """Return the variables that locate the Docker engine."""
    return {name: value for name, value in os.environ.items() if name.startswith(("DOCKER_", "TESTCONTAINERS_"))}


def isolate() -> None:
    """Remove the user's settings from this process: credentials, proxies, and all that could influence a verdict."""
    for name in list(os.environ):
        if name.startswith(_REMOVED_PREFIXES) or name in _REMOVED:
            del os.environ[name]
    os.environ["NO_PROXY"] = "*"
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


@contextmanager
def world(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace the environment by ``variables``; restore it at the end of the block."""
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(variables)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def tracking_token() -> str:
    """Return MLFLOW_TRACKING_TOKEN unchanged, white space included, empty if it is not set."""
    return os.environ.get("MLFLOW_TRACKING_TOKEN", "")


def network_variable(name: str) -> str:
    """Return a network variable such as ``HTTPS_PROXY``, in either case; empty if it is not set."""
    return (os.environ.get(name.lower()) or os.environ.get(name) or "").strip()


def variable(name: str) -> str | None:
    """Return an environment variable that a file names, ``None`` if it is not set."""
    return os.environ.get(name)


def target_overrides() -> list[str]:
    """Return the environment variables that would replace the target."""
    off = {"", "0", "false", "no", "off"}
    return sorted(name for name, value in os.environ.items() if "MOCK" in name.upper() and value.lower() not in off)


def child_environment(*, without: str) -> dict[str, str]:
    """Return the environment for a child run, without variables that hold a secret of this run."""
    return {name: value for name, value in os.environ.items() if name != without}


def python() -> str:
    """Return the Python interpreter for parts: this environment's."""
    return sys.executable


def command_line() -> str:
    """Return how this run was started, without local paths."""
    return " ".join(["pytest", *(argument.replace(str(ROOT), ".") for argument in sys.argv[1:])])


def suite_version() -> str:
    """Return this suite's version."""
    return __version__


def new_run_id() -> str:
    """Return a new run id: sortable by time, unique, valid in names of buckets, experiments and folders."""
    return f"verify-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def client_version() -> str:
    """Return the version of the installed MLflow client, full or skinny; empty if there is none."""
    for distribution in ("mlflow", "mlflow-skinny"):
        with contextlib.suppress(PackageNotFoundError):
            return version(distribution)
    return ""
