"""A local stack declared as an environment, so that each client of the matrix uses it like a third party."""

from __future__ import annotations

import json
from pathlib import Path

from registry_conformance.judge.target.credential import Password
from registry_conformance.judge.target.target import Target


def declare(target: Target, folder: Path) -> Path:
    """Write an environment file for the target's first door and its bucket; return the file.

    Secrets are in files next to it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    door = target.doors[0]
    key = target.key_at(door)
    lines = ['description = "a cell of the matrix"', 'access = "sandboxed"', f"[doors.{door.name}]"]
    lines.append(f"url = {json.dumps(door.url)}")
    if key is None:
        lines.append('policy = "open"')
    elif isinstance(key, Password):
        secret = _secret(folder, "password", key.password)
        lines += ["[keys.writer]", f"user = {json.dumps(key.user)}", f"password = {secret}"]
    else:
        assert isinstance(key, str), "deployments of the matrix ask for a key or a password"
        lines += ["[keys.writer]", f"file = {json.dumps(str(_file(folder, 'key', key)))}"]
    if target.bucket is not None:
        store = target.bucket
        told = {"name": store.bucket, "prefix": store.prefix, "region": store.region, "endpoint": store.endpoint}
        lines += ["[bucket]", *(f"{name} = {json.dumps(value)}" for name, value in told.items())]
        lines.append(f"access_key = {_secret(folder, 'access', store.access_key)}")
        lines.append(f"secret_key = {_secret(folder, 'secret', store.secret_key)}")
    file = folder / "matrix.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _secret(folder: Path, name: str, value: str) -> str:
    return f"{{ file = {json.dumps(str(_file(folder, name, value)))} }}"


def _file(folder: Path, name: str, value: str) -> Path:
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(value)
    return file
