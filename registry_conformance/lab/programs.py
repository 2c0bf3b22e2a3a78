"""Local programs that a stack needs: their paths, and the account that they run as."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NOBODY = "nobody"
_POSTGRESQL = Path("/usr/lib/postgresql")
"""Where Debian has PostgreSQL's programs, in a folder for each version, and none of them on PATH."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of this machine."""

    uid: int
    gid: int

    @property
    def identity(self) -> dict[str, Any]:
        """The arguments of ``subprocess`` that start a process as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged() -> Account | None:
    """Return the account for programs that refuse to run as root, ``None`` if the suite does not run as root."""
    if os.geteuid() != 0:
        return None
    found = pwd.getpwnam(_NOBODY)
    return Account(found.pw_uid, found.pw_gid)


def minio_path() -> str | None:
    """Return the path of ``minio``, or ``None``."""
    return shutil.which("minio")


def database_program(name: str) -> Path | None:
    """Return the path of a database program, or ``None``; the newest of several PostgreSQL versions."""
    newest = sorted(_POSTGRESQL.glob(f"*/bin/{name}"), key=lambda path: path.parts[-3].zfill(4))
    if newest:
        return newest[-1]
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(("/usr/sbin", "/usr/bin", "/usr/local/bin")))
    return Path(found) if found else None
