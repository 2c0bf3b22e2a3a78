"""The plug-in mlflow-oidc-auth, installed in a folder of its own, and its settings."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from registry_conformance.judge.locations import DOCKER
from registry_conformance.judge.machine import installer_environment


class OidcAuthError(RuntimeError):
    """mlflow-oidc-auth cannot be installed; the message says why."""


LOCK = DOCKER / "mlflow" / "oidc-auth.lock"
"""Its packages, pinned: they are installed without what they ask for, which MLflow has brought already."""


def folder(cache: Path) -> Path:
    """Return the folder for its packages below ``cache``: one for each lock file and Python version."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    return cache / "mlflow-oidc-auth" / f"{digest}-{python}"


def installed(place: Path) -> bool:
    """Return whether a folder has it."""
    return (place / "mlflow_oidc_auth").is_dir()


def install(place: Path) -> None:
    """Install it in a folder, if missing; raise ``OidcAuthError`` with the installer's output."""
    if installed(place):
        return
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only who starts this MLflow needs it

        program = find_uv_bin()
    except (ImportError, FileNotFoundError) as problem:
        raise OidcAuthError("uv is not installed, which installs mlflow-oidc-auth: pip install uv") from problem
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        made = Path(folder) / "packages"
        pinned = ("--no-deps", "--require-hashes", "-r", str(LOCK))
        command = [program, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(made), *pinned]
        around = installer_environment()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=around)
        if done.returncode:
            raise OidcAuthError(f"mlflow-oidc-auth cannot be installed: {' '.join(done.stderr.split())[:600]}")
        with contextlib.suppress(OSError):  # another process was faster
            made.rename(place)


def variables(issuer: str, client: str, secret: str, session: str, database: Path, group: str) -> Mapping[str, str]:
    """Return its settings: users with a token of ``issuer`` in ``group`` may do everything."""
    return {
        "OIDC_DISCOVERY_URL": f"{issuer}/.well-known/openid-configuration",
        "OIDC_CLIENT_ID": client,
        "OIDC_CLIENT_SECRET": secret,
        "OIDC_AUDIENCE": client,
        "OIDC_ISSUER": issuer,
        "OIDC_ADMIN_GROUP_NAME": group,
        "OIDC_GROUP_NAME": group,
        "OIDC_PROVISION_ON_BEARER_AUTH": "true",
        "OIDC_TRUST_BEARER_GROUP_CLAIMS": "true",
        "OIDC_USERS_DB_URI": f"sqlite:///{database}",
        "SECRET_KEY": session,
    }
