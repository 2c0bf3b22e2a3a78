"""Local programs that a stack needs: their paths, and the account that they run as."""

from __future__ import annotations

import mmap
import os
import pwd
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSITYGW = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
"""The Go package of the Versity S3 Gateway, in the version that the suite was measured with."""
_NOBODY = "nobody"
_MODULE = re.compile(rb"\nmod\t[^\t\n]+\t(v[^\t\n]+)[\t\n]")
"""How a Go program names its own module, in what the compiler writes into it."""
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


def versitygw_path() -> str | None:
    """Return the path of ``versitygw``, or ``None``."""
    return shutil.which("versitygw")


def module_version(program: str | None) -> str:
    """Return the version of the module that a Go program was built from, empty if it names none.

    What ``go install`` builds knows no release of its own: asked for its version, it says that it is a development one.
    """
    if program is None:
        return ""
    with Path(program).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = _MODULE.search(content)
        return found[1].decode() if found else ""


def database_program(name: str) -> Path | None:
    """Return the path of a database program, or ``None``; the newest of several PostgreSQL versions."""
    newest = sorted(_POSTGRESQL.glob(f"*/bin/{name}"), key=lambda path: path.parts[-3].zfill(4))
    if newest:
        return newest[-1]
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(("/usr/sbin", "/usr/bin", "/usr/local/bin")))
    return Path(found) if found else None
